import { type Ip, ipFromValue } from "../../../facts/ip.ts";
import type { Netns } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { IpSet } from "../../../facts/ruleset.ts";
import { indexedBy } from "../../../facts/lookup/table-index.ts";
import { linksOf, type World } from "../../../facts/world.ts";
import { type AddressPart, addressesOf, bareEntry } from "../netfilter/ip-set-entries.ts";
import { entriesFor, holds, setNamed } from "../netfilter/ip-set.ts";
import type { SetQuestion } from "../netfilter/set-question.ts";
import { homeOf } from "./owners.ts";
import { peersOf } from "./peers.ts";

const byBareText = indexedBy(
  (entries: readonly string[]): ReadonlyMap<string, string> =>
    new Map(entries.map((entry) => [bareEntry(entry), entry] as const)),
);

/** A set of one machine. */
interface Held {
  readonly netns: Netns;
  readonly set: IpSet;
  /** Its entries without their options, and verbatim. */
  readonly entries: ReadonlyMap<string, string>;
}

/** What a set holds and its peers' sets of that name do not, or the other way round. */
export interface DepartingEntry {
  /** Without options. */
  readonly entry: string;
  /** It stands here, and nowhere else; else everywhere but here. */
  readonly present: boolean;
}

/**
 * The entries by which a machine's set answers a question otherwise than the sets of that name of all its peers. None where
 * peers are few or do not agree, and where the sets are not alike: those of local pods differ by right.
 */
export function departingEntries(
  world: World,
  id: NetnsId,
  name: string,
  asked: SetQuestion,
): readonly DepartingEntry[] {
  const netns = world.netns.get(id);
  const here = netns?.name === "host" ? heldBy(netns, name) : null;
  if (here === null) return [];
  const peers = peersOf(world, id);
  const theirs = peers.flatMap((peer) => heldBy(peer, name) ?? []);
  if (theirs.length === 0) return [];
  const concerned = new Set([here, ...theirs].flatMap(({ set }) => entriesFor(set, asked).map(bareEntry)));
  return [...concerned].flatMap((entry) => {
    const present = here.entries.has(entry);
    const mayDiffer = present ? isAtHome(world, here, entry) : isOwn(here, entry);
    if (mayDiffer || expires(entry, [here, ...theirs])) return [];
    // A set of all the others leaves its own node out, which tells nothing of the rest.
    const silent = theirs.filter((peer) => !peer.entries.has(entry) && isOwn(peer, entry));
    const voices = theirs.filter((peer) => !silent.includes(peer));
    if (voices.length === 0 || voices.length < Math.min(2, peers.length - silent.length)) return [];
    if (voices.some((peer) => peer.entries.has(entry) === present)) return [];
    const isSame = voices.every((peer) => isAlike(here, peer, entry, { isAlone: voices.length === 1 }));
    return isSame && makesAlike(here, voices, entry, asked) ? [{ entry, present }] : [];
  });
}

export function withEntry(set: IpSet, bare: string, present: boolean): IpSet {
  const others = set.entries.filter((entry) => bareEntry(entry) !== bare);
  return { ...set, entries: present ? [...others, bare] : others };
}

function heldBy(netns: Netns, name: string): Held | null {
  const set = netns.sets.known ? setNamed(netns.sets.value, name) : null;
  return set === null ? null : { netns, set, entries: byBareText(set.entries) };
}

/** What is added and taken out by packets, or by a program that watches them, is nobody's configuration. */
function expires(entry: string, sets: readonly Held[]): boolean {
  return sets.some(({ entries }) => / timeout [1-9]/.test(entries.get(entry) ?? ""));
}

/**
 * Apart from one entry, and from each node's own address in a set of all the others. A few more may differ where several peers
 * agree that it is missing; what stands here alone, or on a single peer, may be of a kind that each node has its own of.
 */
function isAlike(here: Held, peer: Held, entry: string, { isAlone }: { readonly isAlone: boolean }): boolean {
  const isExact = isAlone || here.entries.has(entry);
  const most = isExact ? 0 : Math.floor(Math.max(here.entries.size, peer.entries.size) / 4);
  let differing = 0;
  for (const [one, other] of [
    [here, peer],
    [peer, here],
  ] as const) {
    let shared = 0;
    for (const theirs of one.entries.keys()) {
      if (theirs === entry) continue;
      if (other.entries.has(theirs) || isOwn(other, theirs)) shared++;
      else if (++differing > most) return false;
    }
    // With nothing in common, a single other node may have its entries by right.
    if (isAlone && shared === 0) return false;
  }
  return true;
}

/** With it changed the set answers as the others do, and as it stands it does not. */
function makesAlike({ set, entries }: Held, voices: readonly Held[], entry: string, asked: SetQuestion): boolean {
  const wanted = holds(withEntry(set, entry, !entries.has(entry)), asked);
  if (typeof wanted !== "boolean" || holds(set, asked) !== !wanted) return false;
  return voices.every((peer) => holds(peer.set, asked) === wanted);
}

/** It is an address of the machine's own. */
function isOwn({ netns, set }: Held, entry: string): boolean {
  return addressesOf(set, entry).some(
    (part) => part.low === part.high && linksOf(netns).some((link) => link.addresses.some((a) => isAt(part, a.ip))),
  );
}

function isAt({ family, low }: AddressPart, ip: Ip): boolean {
  return ip.family === family && ip.value === low;
}

/** What it is about lives on this machine. */
function isAtHome(world: World, { netns, set }: Held, entry: string): boolean {
  return addressesOf(set, entry).some(({ family, low, high }) => {
    // The first address of a network is nobody's.
    const first = ipFromValue(family, low === high ? low : low + 1n);
    return homeOf(world, first)?.id === netns.id;
  });
}
