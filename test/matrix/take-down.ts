import { readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { labDown } from "../../src/lab/down.ts";
import { netnsInode } from "../../src/lab/netns.ts";
import { readState } from "../../src/lab/state.ts";

/** Where a node keeps what was repaired; a lab's nodes share this machine's file system. */
const JOURNAL = "/var/lib/lasthop/journal";

/** A name that another run of the same tests on this machine does not have. */
export function ownLabName(what: string): string {
  return `${what}-${process.pid}`;
}

/** Removes a lab, and what repairs of its nodes have left on this machine. */
export async function takeDown(name: string): Promise<void> {
  const inodes = (readState(name)?.plan.nodes ?? []).map((node) => netnsInode(node.netns));
  for (const file of filesOf(JOURNAL)) {
    const path = join(JOURNAL, file);
    const inode = /"netns": *"net:\[(\d+)\]/.exec(readFileSync(path, "utf8"))?.[1];
    if (inode !== undefined && inodes.includes(BigInt(inode))) rmSync(path, { force: true });
  }
  for (const directory of [JOURNAL, join(JOURNAL, "..")]) {
    try {
      rmdirSync(directory);
    } catch {
      // Not made, or others are in it.
    }
  }
  await labDown(name);
}

function filesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((file) => file.endsWith(".json"));
  } catch {
    return [];
  }
}
