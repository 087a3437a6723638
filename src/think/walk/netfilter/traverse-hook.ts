import { phrase } from "../../../facts/phrase.ts";
import type { Hook } from "../../../facts/ruleset.ts";
import { type BaseChain, baseChainsAt, familiesOf } from "./base-chains.ts";
import type { HookContext, HookOutcome } from "./contract.ts";
import { Exploration, type HookItem } from "./explore.ts";
import { liveMarks } from "./live-marks.ts";
import { endAlike, mergeOutcomes } from "./outcomes.ts";
import { viewPacket } from "./packet-view.ts";

/** NF_IP_PRI_CONNTRACK, NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC (linux/netfilter_ipv4.h). */
const CONNTRACK = -200;
const NAT_DESTINATION = -100;
const NAT_SOURCE = 100;

/**
 * Takes one packet through one hook of one netns as nf_hook_slow does: every base chain of every backend, by priority,
 * with conntrack and NAT in their places. Ways that chance makes have weights that add up to 1.
 *
 * `context.connection` is the connection that `matchConnection` or `findConnection` found for the packet as it arrives;
 * null opens one at PREROUTING and OUTPUT. The outcome's connection is to be kept for the hooks that follow.
 */
export function traverseHook(context: HookContext): readonly HookOutcome[] {
  const { rulesets } = context.netns;
  if (!rulesets.known) {
    const verdict = { do: "unknown", by: null, why: phrase("netfilter-unknown", { why: rulesets.why }) } as const;
    return [{ weight: 1, verdict, packet: context.packet, connection: context.connection, acted: [] }];
  }
  const bases = baseChainsAt(rulesets.value, context.hook, familiesOf(viewPacket(context.packet).ip.src.family));
  return traverseBases(context, bases, true);
}

/**
 * Runs base chains in both orders where priorities tie: the kernel's order is then that of registration, which no tool tells.
 * Where all pass in either, but not as the same packet (a mark that the one takes away, a source that the other has given), the walk
 * goes on with each; with what chance is not known.
 */
export function traverseBases(
  context: HookContext,
  bases: readonly BaseChain[],
  tracks: boolean,
): readonly HookOutcome[] {
  const outcomes = traverseInOrder(context, bases, tracks);
  const tie = firstTie(bases);
  if (tie === null) return outcomes;
  const reversed = traverseInOrder(context, reverseTies(bases), tracks);
  if (endAlike(outcomes, reversed, liveMarks(context.netns))) return outcomes;
  const either = mergeOutcomes([...outcomes, ...reversed].map((outcome) => ({ ...outcome, weight: null })));
  if (either.every(({ verdict }) => verdict.do === "accept")) return either;
  const why = phrase("base-chains-tie", { chains: tie });
  const verdict = { do: "unknown", by: null, why } as const;
  return [{ weight: 1, verdict, packet: context.packet, connection: context.connection, acted: [] }];
}

function traverseInOrder(context: HookContext, bases: readonly BaseChain[], tracks: boolean): readonly HookOutcome[] {
  const items = tracks ? itemsOf(context.hook, bases) : bases.map((base) => ({ do: "chain", base }) as const);
  const starts = tracks && (context.hook === "PREROUTING" || context.hook === "OUTPUT");
  // Over loopback the packet arrives with the conntrack state that it left with (nf_conntrack_in: "previously seen").
  const looped = starts && context.hook === "PREROUTING" && context.iif === "lo";
  const untracked = looped && context.packet.ct === "UNTRACKED";
  const packet = starts && !looped ? { ...context.packet, ct: "INVALID" as const } : context.packet;
  return new Exploration(context, items).run(packet, starts && !looped ? null : context.connection, untracked);
}

/** nat chains run where the NAT core is registered, whatever their own priority; that orders them among themselves. */
function itemsOf(hook: Hook, bases: readonly BaseChain[]): readonly HookItem[] {
  const isDestination = hook === "PREROUTING" || hook === "OUTPUT";
  const natAt = hook === "FORWARD" ? null : isDestination ? NAT_DESTINATION : NAT_SOURCE;
  const chains = bases.map((base) => ({
    at: base.isNat && natAt !== null ? natAt : base.priority,
    item: { do: "chain", base } as HookItem,
    isNat: base.isNat && natAt !== null,
  }));
  const chainItems = (from: number, to: number): readonly HookItem[] =>
    chains.filter((c) => !c.isNat && from <= c.at && c.at < to).map((c) => c.item);
  const nat: readonly HookItem[] = [
    { do: "nat-begin" },
    ...chains.filter((c) => c.isNat).map((c) => c.item),
    { do: "nat-end" },
  ];
  if (natAt === null) return chainItems(-Infinity, Infinity);
  return [
    ...chainItems(-Infinity, CONNTRACK),
    ...(isDestination ? [{ do: "conntrack" } as const] : []),
    ...chainItems(CONNTRACK, natAt),
    ...nat,
    ...chainItems(natAt, Infinity),
  ];
}

function firstTie(bases: readonly BaseChain[]): string | null {
  const busy = bases.filter((b) => b.chain.rules.length > 0);
  for (const [i, base] of busy.entries()) {
    const before = busy[i - 1];
    if (before !== undefined && before.priority === base.priority) {
      return `${before.backend} ${before.table.name}, ${base.backend} ${base.table.name}`;
    }
  }
  return null;
}

function reverseTies(bases: readonly BaseChain[]): readonly BaseChain[] {
  return [...bases].reverse().sort((a, b) => a.priority - b.priority);
}
