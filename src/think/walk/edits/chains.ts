import type { Netns } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { Backend, Chain, Rule, Ruleset } from "../../../facts/ruleset.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { replaceTable } from "./replace-table.ts";

/** Where a chain is. */
export interface ChainPlace {
  readonly backend: Backend;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
}

/** Null when there is none, or when rulesets were not read. */
export function chainOf(netns: Netns | undefined, place: ChainPlace): Chain | null {
  if (netns === undefined || !netns.rulesets.known) return null;
  for (const ruleset of netns.rulesets.value) {
    if (ruleset.backend !== place.backend) continue;
    const table = ruleset.tables.find((t) => t.family === place.family && t.name === place.table);
    const chain = table?.chains.find((c) => c.name === place.chain);
    if (chain !== undefined) return chain;
  }
  return null;
}

/** Whether rulesets were read has been asked before. */
export function hasTable(netns: Netns, place: ChainPlace): boolean {
  return (
    netns.rulesets.known &&
    netns.rulesets.value.some(
      (r) => r.backend === place.backend && r.tables.some((t) => t.family === place.family && t.name === place.table),
    )
  );
}

/** Rules keep their numbers, so that one taken out leaves a gap and the others' names stay true on the node. */
export function ruleOf(netns: Netns | undefined, place: ChainPlace, number: number): Rule | null {
  return chainOf(netns, place)?.rules.find((rule) => rule.number === number) ?? null;
}

export function replaceChain(world: World, id: NetnsId, place: ChainPlace, change: (chain: Chain) => Chain): World {
  return replaceTable(world, id, "rulesets", (rulesets) => {
    const present = chainOf(world.netns.get(id), place);
    const next = present === null ? null : change(present);
    if (next === null || next === present) return rulesets;
    return rulesets.map((ruleset): Ruleset => {
      if (ruleset.backend !== place.backend) return ruleset;
      const tables = ruleset.tables.map((table) =>
        table.family === place.family && table.name === place.table
          ? { ...table, chains: table.chains.map((chain) => (chain === present ? next : chain)) }
          : table,
      );
      return { ...ruleset, tables };
    });
  });
}

export function samePlace(a: ChainPlace, b: ChainPlace): boolean {
  return a.backend === b.backend && a.family === b.family && a.table === b.table && a.chain === b.chain;
}

/** The same chain was asked in the same netns. */
export function asksChain(read: Read, netns: NetnsId, place: ChainPlace): read is Extract<Read, { of: "rule" }> {
  return read.of === "rule" && read.netns === netns && samePlace(read, place);
}

/** `iptables-nft:filter/FORWARD` */
export function chainText(place: ChainPlace): string {
  return `${place.backend}:${place.table}/${place.chain}`;
}
