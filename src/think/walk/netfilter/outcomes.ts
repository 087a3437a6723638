import type { Tuple } from "../../../facts/netns.ts";
import type { Packet } from "../packet.ts";
import type { Connection, HookOutcome, HookVerdict, RulePlace } from "./contract.ts";
import type { LiveMarks } from "./live-marks.ts";
import { viewPacket } from "./packet-view.ts";

/** Adds up the weights of ways that end alike in every respect. */
export function mergeOutcomes(outcomes: readonly HookOutcome[]): readonly HookOutcome[] {
  if (outcomes.length < 2) return outcomes;
  const merged = new Map<string, HookOutcome>();
  for (const outcome of outcomes) {
    const key = `${verdictKey(outcome.verdict)} ${placeKey(outcome.verdict)} ${stateKey(outcome.packet, outcome.connection)}`;
    const same = merged.get(key);
    merged.set(key, same === undefined ? outcome : { ...same, weight: plus(same.weight, outcome.weight) });
  }
  return [...merged.values()];
}

/** Do both end alike, with the same chances, as far as anything in the netns can tell? Which rule decided is no matter. */
export function endAlike(a: readonly HookOutcome[], b: readonly HookOutcome[], live: LiveMarks): boolean {
  const left = distribution(a, live);
  const right = distribution(b, live);
  if (left.size !== right.size) return false;
  for (const [key, weight] of left) {
    const other = right.get(key);
    if (other === undefined || (weight === null) !== (other === null)) return false;
    if (Math.abs((weight ?? 0) - (other ?? 0)) > 1e-9) return false;
  }
  return true;
}

function distribution(outcomes: readonly HookOutcome[], live: LiveMarks): ReadonlyMap<string, number | null> {
  const weights = new Map<string, number | null>();
  for (const { verdict, packet, connection, weight } of outcomes) {
    const key = `${verdictKey(verdict)} ${verdict.do === "accept" ? stateKey(packet, connection, live) : ""}`;
    const known = weights.get(key);
    weights.set(key, known === undefined ? weight : plus(known, weight));
  }
  return weights;
}

/** Everything about a packet and its connection that a hook can change. */
export function stateKey(packet: Packet, connection: Connection | null, live?: LiveMarks): string {
  const { ip, sport, dport } = viewPacket(packet);
  const mark = live === undefined ? packet.mark : (packet.mark & live.packet) >>> 0;
  const head = `${ip.src.value} ${sport} ${ip.dst.value} ${dport} ${mark} ${packet.ct}`;
  if (connection === null) return head;
  const ctMark = live === undefined ? connection.mark : (connection.mark & live.connection) >>> 0;
  const { original, reply, dnatDone, snatDone, direction } = connection;
  return `${head} ${tupleKey(original)} ${tupleKey(reply)} ${ctMark} ${dnatDone} ${snatDone} ${direction}`;
}

function tupleKey(tuple: Tuple): string {
  return `${tuple.src.value}:${tuple.sport}>${tuple.dst.value}:${tuple.dport}`;
}

function verdictKey(verdict: HookVerdict): string {
  if (verdict.do === "reject") return `reject ${verdict.with}`;
  return verdict.do === "unknown" ? `unknown ${JSON.stringify(verdict.why)}` : verdict.do;
}

function placeKey(verdict: HookVerdict): string {
  if (verdict.do === "accept" || verdict.by === null) return "";
  const by: RulePlace = verdict.by;
  return `${by.backend}:${by.family}:${by.table}/${by.chain}#${by.number}`;
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
