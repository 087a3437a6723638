import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { alteredBundle, removeAltered } from "../recorded/altered-bundle.ts";
import { diagnoseBundle, NODE_PORT, walkBundle } from "../recorded/offline-cli.ts";

afterAll(removeAltered);

/** No tool but the kernel's own matcher knows whether this one takes a packet. */
const STRANGE = '-m string --string "foo" --algo bm --to 65535';

/** A recorded cluster with one more rule, first in the FORWARD chain of the filter table of a node. */
function withRule(fixture: string, node: string, rule: string): string {
  return alteredBundle(fixture, (root) => {
    const path = join(root, node, "iptables-save.txt");
    const text = readFileSync(path, "utf8");
    const [filter = ""] = /^\*filter$[\s\S]*?^COMMIT$/m.exec(text) ?? [];
    const added = filter.replace(
      /^(\[\d+:\d+\] )?-A FORWARD/m,
      (first, counts = "") => `${counts}-A FORWARD ${rule}\n${first}`,
    );
    expect(added).not.toBe(filter);
    writeFileSync(path, text.replace(filter, added));
  });
}

describe("a rule with a match that is not understood", () => {
  const to = ["node/k1", "10.42.0.3:8080"] as const;
  const fixture = "vxlan-healthy";

  it.each([
    `${STRANGE} -j DROP`,
    '-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0" -j DROP',
    "-j SOMETHING-NEW --x 1",
  ])("on the path: it is not known whether the packet passes, and the rule is quoted: %s", async (rule) => {
    const { status, printed } = await walkBundle(withRule(fixture, "k2", rule), ...to);
    expect(status).toBe(2);
    expect(printed).toMatch(/UNKNOWN/);
    expect(printed).toContain(rule.split(" ")[1]?.replaceAll('"', ""));
  });

  it("on another node, or with a match that the packet does not meet anyway: it does not matter", async () => {
    const harmless = [
      withRule(fixture, "k1", `${STRANGE} -j DROP`),
      withRule(fixture, "k2", `-p udp -m udp --dport 9 ${STRANGE} -j DROP`),
    ];
    for (const bundle of harmless) expect((await walkBundle(bundle, ...to)).status).toBe(0);
  });

  it("behind the cause: nobody met it, so it is neither a cause nor repaired", async () => {
    const { verdict } = await diagnoseBundle(withRule("ipip-resumed", "node2", `${STRANGE} -j DROP`), NODE_PORT);
    expect(verdict).toMatchObject({ cause: { id: "ip-forward-off", node: "node2" }, otherCauses: [] });
    expect(verdict.repairs.map(({ id }) => id)).toEqual(["set-sysctl"]);
  });
});
