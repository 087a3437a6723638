import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Rule, Target } from "../../../facts/ruleset.ts";
import type { Packet } from "../packet.ts";
import { type BaseChain, type ChainPlace, findChain, placeOfPolicy, placeOfRule } from "./base-chains.ts";
import { candidateRules } from "./chain-index.ts";
import { applyConnection, ctStateOf, isNeverTracked, openConnection } from "./connection.ts";
import type { Connection, HookContext, HookOutcome, RulePlace } from "./contract.ts";
import { liveMarks } from "./live-marks.ts";
import { type NatTarget, translateBy } from "./nat-target.ts";
import { endAlike, mergeOutcomes, stateKey } from "./outcomes.ts";
import { viewPacket } from "./packet-view.ts";
import { askRule, isChoice, times } from "./rule-answer.ts";
import { act, aloneOf, copyOf, endOf, moveConnectionMark, type Way } from "./way.ts";

/** What happens in one hook, in order. `nat-begin` to `nat-end` encloses the nat chains (nf_nat_inet_fn). */
export type HookItem =
  | { readonly do: "chain"; readonly base: BaseChain }
  | { readonly do: "conntrack" | "nat-begin" | "nat-end" };

const MOST_WAYS = 16384;
const MOST_DOUBTS = 1500;
const MOST_STEPS = 2_000_000;
/** NFT_JUMP_STACK_SIZE is 16; iptables-legacy allows as many as it has chains. */
const DEEPEST_JUMP = 512;

/**
 * Follows a packet through the items of one hook, every way that chance or an unknown may lead it. It is one machine
 * (chains, targets, chance and doubt all act on the same ways), hence one long file.
 */
export class Exploration {
  private readonly context: HookContext;
  private readonly items: readonly HookItem[];
  private readonly answered = new Map<string, readonly HookOutcome[]>();
  private readonly chainIds = new Map<unknown, number>();
  private doubts = 0;
  private steps = 0;

  constructor(context: HookContext, items: readonly HookItem[]) {
    this.context = context;
    this.items = items;
  }

  run(packet: Packet, connection: Connection | null, untracked: boolean): readonly HookOutcome[] {
    return this.follow([{ item: 0, frames: [], packet, connection, untracked, weight: 1, acted: null }]);
  }

  private follow(ways: Way[]): readonly HookOutcome[] {
    const done: HookOutcome[] = [];
    for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
      if (ways.length + done.length > MOST_WAYS) {
        done.push(endOf(way, { do: "unknown", by: null, why: phrase("too-many-ways") }));
        break;
      }
      const ends = this.advance(way, ways);
      for (const end of ends) done.push(end);
    }
    return mergeOutcomes(done);
  }

  /** Takes one way to its end; what chance splits off goes onto `ways`. */
  private advance(way: Way, ways: Way[]): readonly HookOutcome[] {
    for (;;) {
      if (++this.steps > MOST_STEPS) return [endOf(way, { do: "unknown", by: null, why: phrase("too-many-rules") })];
      const frame = way.frames.at(-1);
      if (frame === undefined) {
        const item = this.items[way.item];
        if (item === undefined) return [endOf(way, { do: "accept" })];
        way.item++;
        this.enterItem(way, item);
        continue;
      }
      const rule = frame.rules[frame.next];
      if (rule === undefined) {
        // That none of its rules matched is an answer too: with one more it may be another.
        if (frame.at.chain.hook === null) this.askPlace(placeOfPolicy(frame.at));
        const end = this.leaveChain(way);
        if (end !== null) return [end];
        continue;
      }
      frame.next++;
      const answer = askRule(rule, way, this.context);
      if (answer.matches === false) continue;
      const place = this.askedPlace(frame.at, rule);
      if (answer.matches === "unknown") return this.doubt(way, rule, place, answer.why, answer.chance);
      if (answer.chance !== 1) this.splitOff(way, answer.chance, ways);
      const end = this.perform(way, rule, place, ways);
      if (end !== null) return [end];
    }
  }

  private enterItem(way: Way, item: HookItem): void {
    switch (item.do) {
      case "chain": {
        const { base } = item;
        way.frames.push({ at: base, rules: candidateRules(base.chain, viewPacket(way.packet)), next: 0, via: null });
        return;
      }
      case "conntrack":
        this.track(way);
        return;
      case "nat-begin":
        if (!this.wantsNatRules(way)) way.item = this.natEnd(way.item);
        return;
      case "nat-end":
        if (way.connection === null) return;
        // Without a matching rule a null binding is made, so that no rule is asked for this connection again.
        way.connection = this.isDestinationHook
          ? { ...way.connection, dnatDone: true }
          : { ...way.connection, snatDone: true };
        way.packet = applyConnection(way.packet, way.connection, this.context.hook);
        return;
    }
  }

  /** nf_conntrack_in. */
  private track(way: Way): void {
    this.context.ask({ of: "conntrack", netns: this.context.netns.id });
    if (way.untracked || isNeverTracked(way.packet)) {
      way.packet = { ...way.packet, ct: "UNTRACKED" };
      return;
    }
    way.connection = this.context.connection ?? (this.context.isHalfSeen ? null : openConnection(way.packet));
    way.packet = { ...way.packet, ct: way.connection === null ? "INVALID" : ctStateOf(way.connection) };
  }

  private get isDestinationHook(): boolean {
    return this.context.hook === "PREROUTING" || this.context.hook === "OUTPUT";
  }

  private wantsNatRules(way: Way): boolean {
    if (way.connection === null || way.packet.ct !== "NEW") return false;
    return this.isDestinationHook ? !way.connection.dnatDone : !way.connection.snatDone;
  }

  private natEnd(from: number): number {
    const end = this.items.findIndex((item, i) => i >= from && item.do === "nat-end");
    return end === -1 ? this.items.length : end;
  }

  /** The end of a chain, or RETURN: back to the caller, or to the base chain's policy. */
  private leaveChain(way: Way): HookOutcome | null {
    const frame = way.frames.pop();
    if (frame === undefined) return null;
    if (way.frames.length > 0) {
      if (frame.via !== null && way.acted?.place === frame.via) way.acted = way.acted.before;
      return null;
    }
    const item = this.items[way.item - 1];
    const base = item?.do === "chain" ? item.base : frame.at;
    const place = placeOfPolicy(base);
    this.askPlace(place);
    if (base.chain.policy === "DROP") return endOf(act(way, place), { do: "drop", by: place });
    this.acceptedByBase(way, base);
    return null;
  }

  /** ACCEPT ends one base chain; a later one may still drop. Inside NAT the first binding ends the nat chains. */
  private acceptedByBase(way: Way, base: ChainPlace): void {
    way.frames.length = 0;
    if (isNat(base) && !this.wantsNatRules(way)) way.item = this.natEnd(way.item);
  }

  private perform(way: Way, rule: Rule, place: RulePlace, ways: Way[]): HookOutcome | null {
    const depth = way.frames.length;
    if (rule.matches.some(isChoice)) act(way, place);
    for (const target of rule.targets) {
      const end = this.performTarget(way, target, place, ways);
      if (end !== null) return end;
      if (isTerminal(target) || way.frames.length !== depth) return null;
    }
    return null;
  }

  private performTarget(way: Way, target: Target, place: RulePlace, ways: Way[]): HookOutcome | null {
    const frame = way.frames.at(-1);
    if (frame === undefined) return null;
    switch (target.do) {
      case "LOG":
      case "TRACE":
      case "harmless":
        return null;
      case "ACCEPT":
        act(way, place);
        this.acceptedByBase(way, this.currentBase(way));
        return null;
      case "DROP":
        return endOf(act(way, place), { do: "drop", by: place });
      case "REJECT":
        return endOf(act(way, place), { do: "reject", by: place, with: target.with });
      case "RETURN":
        return this.leaveChain(way);
      case "NOTRACK":
        if (way.connection === null) way.untracked = true;
        act(way, place);
        return null;
      case "MARK": {
        const mark = ((way.packet.mark & ~target.mask) ^ target.value) >>> 0;
        if (mark !== way.packet.mark) act(way, place);
        way.packet = { ...way.packet, mark };
        return null;
      }
      case "CONNMARK":
        moveConnectionMark(way, target);
        act(way, place);
        return null;
      case "jump":
      case "goto": {
        const chain = findChain(frame.at.table, target.chain);
        if (chain === undefined) {
          return endOf(way, { do: "unknown", by: place, why: phrase("chain-not-found", { chain: target.chain }) });
        }
        if (way.frames.length >= DEEPEST_JUMP) {
          return endOf(way, { do: "unknown", by: place, why: phrase("jumps-too-deep") });
        }
        // A goto leaves nothing to come back to: the end of that chain returns to this chain's own caller.
        if (target.do === "goto") way.frames.pop();
        act(way, place);
        const rules = candidateRules(chain, viewPacket(way.packet));
        way.frames.push({ at: { ...frame.at, chain }, rules, next: 0, via: target.do === "jump" ? place : null });
        return null;
      }
      case "MASQUERADE":
        return this.translate(way, { do: target.do }, place, ways);
      case "DNAT":
      case "SNAT":
      case "REDIRECT":
        return this.translate(way, target, place, ways);
      case "unknown":
        return endOf(act(way, place), {
          do: "unknown",
          by: place,
          why: phrase("target-not-modelled", { target: target.name }),
        });
    }
  }

  private translate(way: Way, target: NatTarget, place: RulePlace, ways: Way[]): HookOutcome | null {
    act(way, place);
    const base = this.currentBase(way);
    if (way.connection === null || !isNat(base)) {
      return endOf(way, { do: "unknown", by: place, why: phrase("outside-nat-chain", { target: target.do }) });
    }
    const result = translateBy(target, way.packet, way.connection, this.context);
    if (result.do === "drop") return endOf(way, { do: "drop", by: place });
    if (result.do === "unknown") return endOf(way, { do: "unknown", by: place, why: result.why });
    const [first, ...others] = result.choices;
    if (first === undefined) return null;
    const share = 1 / result.choices.length;
    for (const connection of others) {
      const other = copyOf(way);
      other.weight = times(way.weight, share);
      other.connection = connection;
      this.acceptedByBase(other, base);
      ways.push(other);
    }
    way.weight = times(way.weight, share);
    way.connection = first;
    this.acceptedByBase(way, base);
    return null;
  }

  /** By chance the rule does not take the packet: that way goes on behind it. */
  private splitOff(way: Way, chance: number | null, ways: Way[]): void {
    const other = copyOf(way);
    other.weight = chance === null ? null : times(way.weight, 1 - chance);
    way.weight = times(way.weight, chance);
    ways.push(other);
  }

  /** A rule that may or may not match matters only if the two ways end differently. */
  private doubt(way: Way, rule: Rule, place: RulePlace, why: Phrase, chance: number | null): readonly HookOutcome[] {
    if (++this.doubts > MOST_DOUBTS) {
      return [endOf(way, { do: "unknown", by: place, why: phrase("too-many-doubts") })];
    }
    const passed = this.answer(aloneOf(way));
    const taken = aloneOf(way);
    const ways: Way[] = [];
    if (chance !== 1) this.splitOff(taken, chance, ways);
    const end = this.perform(taken, rule, place, ways);
    const matched =
      end === null && ways.length === 0
        ? this.answer(taken)
        : mergeOutcomes([...(end === null ? this.answer(taken) : [end]), ...this.follow(ways)]);
    if (!endAlike(passed, matched, liveMarks(this.context.netns))) {
      return [endOf(act(way, place), { do: "unknown", by: place, why })];
    }
    return passed.map((outcome) => ({ ...outcome, weight: times(way.weight, outcome.weight) }));
  }

  private answer(way: Way): readonly HookOutcome[] {
    const key = this.wayKey(way);
    const known = this.answered.get(key);
    if (known !== undefined) return known.map((o) => ({ ...o, weight: times(way.weight, o.weight) }));
    const { weight } = way;
    way.weight = 1;
    const outcomes = this.follow([way]);
    this.answered.set(key, outcomes);
    return outcomes.map((o) => ({ ...o, weight: times(weight, o.weight) }));
  }

  private wayKey(way: Way): string {
    const frames = way.frames.map((f) => `${this.idOf(f.at.chain)}/${this.idOf(f.rules)}@${f.next}`).join(",");
    return `${way.item}|${frames}|${way.untracked}|${stateKey(way.packet, way.connection)}`;
  }

  private idOf(thing: unknown): number {
    const known = this.chainIds.get(thing);
    if (known !== undefined) return known;
    this.chainIds.set(thing, this.chainIds.size);
    return this.chainIds.size - 1;
  }

  private currentBase(way: Way): ChainPlace {
    const item = this.items[way.item - 1];
    if (item?.do !== "chain") throw new Error("a rule outside of a base chain");
    return item.base;
  }

  private askedPlace(at: ChainPlace, rule: Rule): RulePlace {
    const place = placeOfRule(at, rule);
    this.askPlace(place);
    return place;
  }

  private askPlace({ backend, family, table, chain, number }: RulePlace): void {
    this.context.ask({ of: "rule", netns: this.context.netns.id, backend, family, table, chain, number });
  }
}

function isNat(base: ChainPlace): boolean {
  return "isNat" in base && base.isNat === true;
}

function isTerminal(target: Target): boolean {
  return ["ACCEPT", "RETURN", "jump", "goto", "DNAT", "SNAT", "REDIRECT", "MASQUERADE"].includes(target.do);
}
