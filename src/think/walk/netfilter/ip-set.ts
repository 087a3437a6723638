import { phrase } from "../../../facts/phrase.ts";
import type { IpSet, Match } from "../../../facts/ruleset.ts";
import type { Maybe } from "../../../facts/maybe.ts";
import type { HookContext } from "./contract.ts";
import { type CompiledSet, compileSet, type SetEntry, type SetPart } from "./ip-set-entries.ts";
import type { PacketView } from "./packet-view.ts";
import { type SetQuestion, setQuestion } from "./set-question.ts";

type SetMatch = Extract<Match, { match: "set" }>;

/** Sets of sets may not be nested (ip_set_list_set.c), but what is read from a node may claim so. */
const DEEPEST = 2;

/** xt_set.c, without its negation. */
export function matchSet(match: SetMatch, view: PacketView, context: HookContext): Maybe {
  return inSet(match.set, setQuestion(match.dimensions, view, context), context, 0);
}

function inSet(name: string, asked: SetQuestion, context: HookContext, depth: number): Maybe {
  const { sets } = context.netns;
  context.ask({ of: "set", netns: context.netns.id, name, asked });
  if (!sets.known) return { unknown: phrase("sets-unknown", { why: sets.why }) };
  const set = setNamed(sets.value, name);
  if (set === null) return { unknown: phrase("set-not-found", { set: name }) };
  if (set.type !== "list:set") return holds(set, asked);
  if (depth >= DEEPEST) return { unknown: phrase("set-too-deep", { set: name }) };
  let answer: Maybe = false;
  for (const entry of set.entries) {
    const one = inSet(entry.split(" ", 1)[0] ?? "", asked, context, depth + 1);
    if (one === true) return true;
    if (one !== false) answer = one;
  }
  return answer;
}

/**
 * Of a set of anything but sets: the most specific entry decides; `nomatch` makes it a hole (ip_set_hash_gen.h:
 * mtype_test_cidrs).
 */
export function holds(of: IpSet, asked: SetQuestion): Maybe {
  const set = compileSet(of);
  if (set.opaque) return { unknown: phrase("set-type-not-modelled", { type: set.type }) };
  let best: SetEntry | null = null;
  let doubt: Maybe | null = null;
  for (const entry of candidates(set, asked)) {
    const verdict = holdsEntry(entry, asked);
    if (verdict === null) doubt = { unknown: phrase("set-entry-opaque", { set: set.name }) };
    if (verdict === true && (best === null || entry.specificity > best.specificity)) best = entry;
  }
  return doubt ?? (best !== null && !best.nomatch);
}

/** The entries that a packet falls under, verbatim, holes among them. */
export function entriesFor(set: IpSet, asked: SetQuestion): readonly string[] {
  return [...candidates(compileSet(set), asked)]
    .filter((entry) => holdsEntry(entry, asked) === true)
    .map(({ text }) => text);
}

/** Null when a part of it is not understood. */
function holdsEntry({ parts }: SetEntry, asked: SetQuestion): boolean | null {
  let verdict: boolean | null = true;
  for (const [i, part] of parts.entries()) {
    const one = holdsPart(part, asked.dimensions[i] ?? firstSide(asked), asked);
    if (one === false) return false;
    if (one === null) verdict = null;
  }
  return verdict;
}

function firstSide({ dimensions }: SetQuestion): "src" | "dst" {
  return dimensions[0] ?? "src";
}

function holdsPart(part: SetPart, side: "src" | "dst", asked: SetQuestion): boolean | null {
  switch (part.kind) {
    case "addresses": {
      const ip = asked.addresses[side];
      return ip.family === part.family && part.low <= ip.value && ip.value <= part.high;
    }
    case "ports": {
      const port = asked.ports[side];
      if (part.protocol !== null && part.protocol !== asked.protocol) return false;
      return (port === null && part.portless) || (port !== null && part.low <= port && port <= part.high);
    }
    case "protocol":
      return part.protocol === asked.protocol;
    case "interface": {
      const name = (part.physical ? asked.bridgePorts : asked.links)[side];
      return part.wildcard ? (name ?? "").startsWith(part.name) : name === part.name;
    }
    case "opaque":
      return null;
  }
}

function* candidates(set: CompiledSet, asked: SetQuestion): Generator<SetEntry> {
  const ip = asked.addresses[asked.dimensions[0] === "src" ? "src" : "dst"];
  if (set.family !== null && set.family !== ip.family) return;
  const bits = ip.family === 4 ? 32 : 128;
  for (const [length, byBase] of set.byLength) yield* byBase.get(ip.value >> BigInt(bits - length)) ?? [];
  yield* set.others;
}

const names = new WeakMap<readonly IpSet[], ReadonlyMap<string, IpSet>>();

/** Null when there is none. */
export function setNamed(sets: readonly IpSet[], name: string): IpSet | null {
  const known = names.get(sets);
  if (known !== undefined) return known.get(name) ?? null;
  const index = new Map(sets.map((set) => [set.name, set]));
  names.set(sets, index);
  return index.get(name) ?? null;
}
