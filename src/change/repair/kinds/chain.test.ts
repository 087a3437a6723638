import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Eyes } from "../hands.ts";
import { isRoot, ScratchNode } from "../testing/scratch-node.ts";
import { lookAtChain } from "./chain.ts";

describe.skipIf(!isRoot)("a node without the program of a backend (needs root)", () => {
  let node: ScratchNode;
  let path: string;

  beforeAll(() => {
    node = new ScratchNode("tool");
    path = mkdtempSync(join(tmpdir(), "lhch-path-"));
  });
  afterAll(async () => {
    await node.remove();
    rmSync(path, { recursive: true });
  });

  async function answerFor(backend: "iptables-nft" | "iptables-legacy") {
    const place = { backend, family: "ip", table: "filter", chain: "FORWARD" } as const;
    const looks = lookAtChain(place).map((look) =>
      "argv" in look ? { argv: ["env", `PATH=${path}`, "/bin/sh", ...look.argv.slice(1)] } : look,
    );
    const [answer] = await new Eyes(node.transport, "k1", null).look(looks);
    return answer;
  }
  const program = (name: string, says: string) =>
    writeFileSync(join(path, name), `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 });

  it("says which one it lacks, and which one its iptables is", async () => {
    expect(await answerFor("iptables-nft")).toMatchObject({ status: 1, stderr: "no iptables-nft-save\n" });
    program("iptables", "iptables v1.8.9 (nf_tables)");
    program("iptables-save", "*filter");
    expect(await answerFor("iptables-legacy")).toMatchObject({ status: 1, stderr: "iptables is nft\n" });
    expect(await answerFor("iptables-nft")).toMatchObject({ status: 0, stdout: "iptables\n*filter\n" });
  });
});
