import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { said } from "../../../../test/said.ts";
import { Eyes } from "../hands.ts";
import { isRoot, ScratchNode } from "../testing/scratch-node.ts";
import { listRepairs } from "../undo.ts";
import type { JournalEntry } from "./entry.ts";
import { readIdentity, standingOf } from "./journal.ts";

describe.skipIf(!isRoot)("the journal of a node (needs root)", () => {
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode("jour");
  });
  afterAll(() => node.remove());

  it("knows the namespace of init whether a mount holds it or not", async () => {
    const asInit = Object.create(node.transport) as typeof node.transport;
    asInit.run = (name, round, limits) => {
      const unshared = round.map((command) => ({
        ...command,
        argv: ["unshare", "-pf", "--mount-proc", ...command.argv],
      }));
      return node.transport.run(name, unshared, limits);
    };
    const held = await readIdentity(new Eyes(node.transport, "k1", null));
    const inits = await readIdentity(new Eyes(asInit, "k1", null));
    expect(held.netns).toMatch(/^net:\[\d+\]@\d+$/);
    expect(inits).toEqual({ ...held, netns: held.netns.replace(/@.*/, "") });

    const entryOf = (identity: typeof held) => ({ node: "k1", identity }) as JournalEntry;
    expect(standingOf(entryOf(held), inits, "k1")).toBe("here");
    expect(standingOf(entryOf(inits), held, "k1")).toBe("foreign");
    expect(standingOf(entryOf({ ...held, netns: `${held.netns}1` }), held, "k1")).toBe("foreign");
  });

  it("is not read where a part of it is missing", async () => {
    mkdirSync(join(node.stateDir, "journal"));
    writeFileSync(join(node.stateDir, "journal", "20260101T000000Z-aaaaaa-1.json"), "{}");
    const cut = Object.create(node.transport) as typeof node.transport;
    cut.run = async (name, round, limits) => {
      const outputs = await node.transport.run(name, round, limits);
      const isListing = round.some(({ argv }) => argv.includes(node.stateDir));
      return outputs.map((output) => (isListing ? { ...output, stdout: output.stdout.subarray(0, -2) } : output));
    };
    const listing = async (reader: typeof cut) =>
      (await listRepairs(reader, { stateDir: node.stateDir })).problems.map(({ why }) => said(why));
    expect(await listing(cut)).toEqual(["the journal changed while it was read"]);
    expect(await listing(node.transport)).toEqual([
      "20260101T000000Z-aaaaaa-1.json is no entry of a journal of this version",
    ]);
  });
});
