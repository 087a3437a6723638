import type { Rule, Target } from "../../../facts/ruleset.ts";
import type { Packet } from "../packet.ts";
import type { ChainPlace } from "./base-chains.ts";
import type { Connection, HookOutcome, HookVerdict, RulePlace } from "./contract.ts";

/** One way through a hook, in progress. */
export interface Way {
  item: number;
  readonly frames: Frame[];
  packet: Packet;
  connection: Connection | null;
  /** NOTRACK was met, so that conntrack leaves the packet alone. */
  untracked: boolean;
  weight: number | null;
  acted: Acted | null;
}

export interface Frame {
  readonly at: ChainPlace;
  readonly rules: readonly Rule[];
  next: number;
  /** The rule that jumped here. */
  readonly via: RulePlace | null;
}

interface Acted {
  readonly place: RulePlace;
  readonly before: Acted | null;
}

/** Notes that a rule did something. */
export function act(way: Way, place: RulePlace): Way {
  if (way.acted?.place !== place) way.acted = { place, before: way.acted };
  return way;
}

export function copyOf(way: Way): Way {
  return { ...way, frames: way.frames.map((frame) => ({ ...frame })) };
}

/** A copy whose weight counts from here. */
export function aloneOf(way: Way): Way {
  return { ...copyOf(way), weight: 1 };
}

export function endOf(way: Way, verdict: HookVerdict): HookOutcome {
  const acted: RulePlace[] = [];
  for (let one = way.acted; one !== null; one = one.before) acted.push(one.place);
  acted.reverse();
  return { weight: way.weight, verdict, packet: way.packet, connection: way.connection, acted };
}

/** xt_connmark.c: connmark_tg_shift. For save and restore `value` masks what is read, `mask` what is written. */
export function moveConnectionMark(way: Way, target: Extract<Target, { do: "CONNMARK" }>): void {
  if (way.connection === null) return;
  const { mark } = way.connection;
  const { mask, value } = target;
  if (target.op === "restore") {
    way.packet = { ...way.packet, mark: ((way.packet.mark & ~mask) ^ (mark & value)) >>> 0 };
    return;
  }
  const bits = target.op === "set" ? value : way.packet.mark & value;
  way.connection = { ...way.connection, mark: ((mark & ~mask) ^ bits) >>> 0 };
}
