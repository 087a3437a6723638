import type { Ip } from "../../../facts/ip.ts";
import type { IpSet, Match } from "../../../facts/ruleset.ts";
import type { Answer } from "./answer.ts";
import type { HookContext } from "./contract.ts";
import { type CompiledSet, compileSet, type SetEntry, type SetPart } from "./ip-set-entries.ts";
import type { PacketView } from "./packet-view.ts";

type SetMatch = Extract<Match, { match: "set" }>;

/** Sets of sets may not be nested (ip_set_list_set.c), but what is read from a node may claim so. */
const DEEPEST = 2;

/** xt_set.c, without its negation. */
export function matchSet(match: SetMatch, view: PacketView, context: HookContext): Answer {
  return inSet(match.set, match.dimensions, view, context, 0);
}

function inSet(
  name: string,
  dimensions: SetMatch["dimensions"],
  view: PacketView,
  context: HookContext,
  depth: number,
): Answer {
  const { sets } = context.netns;
  context.ask({ of: "set", netns: context.netns.id, name });
  if (!sets.known) return { unknown: `sets are not known: ${sets.why}` };
  const set = setsByName(sets.value).get(name);
  if (set === undefined) return { unknown: `set ${name} was not found` };
  if (set.type !== "list:set") return holds(compileSet(set), dimensions, view, context);
  if (depth >= DEEPEST) return { unknown: `set ${name} is nested too deep` };
  let answer: Answer = false;
  for (const entry of set.entries) {
    const one = inSet(entry.split(" ", 1)[0] ?? "", dimensions, view, context, depth + 1);
    if (one === true) return true;
    if (one !== false) answer = one;
  }
  return answer;
}

/** The most specific entry decides; `nomatch` makes it a hole (ip_set_hash_gen.h: mtype_test_cidrs). */
function holds(set: CompiledSet, dimensions: SetMatch["dimensions"], view: PacketView, context: HookContext): Answer {
  if (set.opaque) return { unknown: `sets of type ${set.type} are not modelled` };
  const first = dimensions[0] === "src" ? view.ip.src : view.ip.dst;
  if (set.family !== null && set.family !== first.family) return false;
  let best: SetEntry | null = null;
  let doubt: Answer | null = null;
  for (const entry of candidates(set, first)) {
    let verdict: boolean | null = true;
    for (const [i, part] of entry.parts.entries()) {
      const one = holdsPart(part, dimensions[i] ?? dimensions[0] ?? "src", view, context);
      if (one === false) {
        verdict = false;
        break;
      }
      if (one === null) verdict = null;
    }
    if (verdict === null) doubt = { unknown: `an entry of set ${set.name} is not understood` };
    if (verdict === true && (best === null || entry.specificity > best.specificity)) best = entry;
  }
  return doubt ?? (best !== null && !best.nomatch);
}

function holdsPart(part: SetPart, side: "src" | "dst", view: PacketView, context: HookContext): boolean | null {
  switch (part.kind) {
    case "addresses": {
      const ip = side === "src" ? view.ip.src : view.ip.dst;
      return ip.family === part.family && part.low <= ip.value && ip.value <= part.high;
    }
    case "ports": {
      const port = side === "src" ? view.sport : view.dport;
      if (part.protocol !== null && part.protocol !== view.ip.protocol) return false;
      return (port === null && part.portless) || (port !== null && part.low <= port && port <= part.high);
    }
    case "protocol":
      return part.protocol === view.ip.protocol;
    case "interface": {
      const name = part.physical
        ? side === "src"
          ? context.physIn
          : context.physOut
        : side === "src"
          ? context.iif
          : context.oif;
      return part.wildcard ? (name ?? "").startsWith(part.name) : name === part.name;
    }
    case "opaque":
      return null;
  }
}

function* candidates(set: CompiledSet, ip: Ip): Generator<SetEntry> {
  const bits = ip.family === 4 ? 32 : 128;
  for (const [length, byBase] of set.byLength) yield* byBase.get(ip.value >> BigInt(bits - length)) ?? [];
  yield* set.others;
}

const names = new WeakMap<readonly IpSet[], ReadonlyMap<string, IpSet>>();

function setsByName(sets: readonly IpSet[]): ReadonlyMap<string, IpSet> {
  const known = names.get(sets);
  if (known !== undefined) return known;
  const index = new Map(sets.map((set) => [set.name, set]));
  names.set(sets, index);
  return index;
}
