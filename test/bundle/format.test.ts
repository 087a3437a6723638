import { expect, it } from "vitest";
import { fileOf } from "../../src/read/bundle/layout.ts";
import { snapshotScript } from "../../src/read/bundle/snapshot-script.ts";
import { hostCommands, podCommands } from "../../src/read/collect/commands.ts";
import { readDocument, tableRows } from "../docs/documents.ts";

/** FILE of each line `reading FILE ARGV...` of the script. */
const asked = [...snapshotScript("0").matchAll(/^ {2}reading (\S+) /gm)].map(([, file = ""]) => file);

it("documents every file that a recording asks for", () => {
  const documented = tableRows(readDocument("docs/bundles.md"), "File").flatMap(([files = ""]) =>
    files.split(",").map((file) => file.trim()),
  );
  expect([...new Set(asked)].filter((file) => !documented.includes(file))).toEqual([]);
});

it("asks by script what is asked by every other way", () => {
  const always = [...hostCommands(false), ...podCommands("", "", false)].map(fileOf);
  const gated = ["iptables-save.txt", "iptables-legacy-save.txt", "nft-ruleset.json", "ipset-save.txt", "ss.txt"];
  for (const file of [...always, ...gated, "conntrack.txt", "conntrack-6.txt", "sysctl-net.txt", "ip-vs.txt"])
    expect(asked).toContain(file);
});
