import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { fileOf } from "../../src/read/bundle/layout.ts";
import { snapshotScript } from "../../src/read/bundle/snapshot-script.ts";
import { hostCommands, podCommands } from "../../src/read/collect/commands.ts";
import { openBundle } from "../../src/read/transport/bundle.ts";
import { manifestOf } from "./crafted.ts";
import { readDocument, tableRows } from "../docs/documents.ts";

/** FILE of each line `reading FILE ARGV...` of the script. */
const asked = [...snapshotScript("0").matchAll(/^ {2}reading (\S+) /gm)].map(([, file = ""]) => file);

it("documents every file that a recording asks for", () => {
  const documented = tableRows(readDocument("docs/bundles.md"), "File").flatMap(([files = ""]) =>
    files.split(",").map((file) => file.trim()),
  );
  expect([...new Set(asked)].filter((file) => !documented.includes(file))).toEqual([]);
});

it("gives no list of objects that the manifest does not tell of", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lasthop-format-"));
  try {
    const files = { "k1/ip-addr.txt": "1: lo: <LOOPBACK,UP> mtu 65536\n", "api/nodes.json": '{"items": []}' };
    for (const [path, content] of [...Object.entries(files), ["api/pods.json", '{"items": []}'] as const]) {
      mkdirSync(join(directory, dirname(path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
    const [, manifest = ""] = manifestOf(files);
    writeFileSync(join(directory, "manifest.json"), manifest);
    const bundle = await openBundle(directory);
    expect(await bundle.apiObjects("nodes")).toEqual({ items: [] });
    expect(await bundle.apiObjects("pods")).toBeNull();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it("asks by script what is asked by every other way", () => {
  const always = [...hostCommands(false), ...podCommands("", "", false)].map(fileOf);
  const gated = ["iptables-save.txt", "iptables-legacy-save.txt", "nft-ruleset.json", "ipset-save.txt", "ss.txt"];
  for (const file of [...always, ...gated, "conntrack.txt", "conntrack-6.txt", "sysctl-net.txt", "ip-vs.txt"])
    expect(asked).toContain(file);
});
