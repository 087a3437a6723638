import { contains, type Ip, type Prefix, prefixOf, sameIp } from "../../facts/ip.ts";
import type { Netns } from "../../facts/netns.ts";
import { type NetnsId, netnsNameOf, type Provenance } from "../../facts/provenance.ts";
import type { Match, Rule, Target } from "../../facts/ruleset.ts";
import type { World } from "../../facts/world.ts";
import type { Branch } from "../walk/branch.ts";
import { type ChainPlace, replaceChain } from "../walk/edits/chains.ts";
import { innerIp, type Packet } from "../walk/packet.ts";
import { payloadOf } from "../walk/packet-parts.ts";

/** Where a machine's rule gave a request the destination that it has at its end. */
export interface Translation {
  readonly netns: NetnsId;
  readonly place: ChainPlace;
  readonly rule: Rule;
  /** It was led there for what it is: the rule stands in no base chain, and asks nothing of the destination itself. */
  readonly isLedTo: boolean;
  /** Whom it was for before, and is for since. */
  readonly from: End;
  readonly to: End;
}

interface End {
  readonly ip: Ip;
  readonly port: number;
}

/** Null where no rule did, or an entry of conntrack. */
export function translationOf(world: World, branch: Branch): Translation | null {
  const to = branch.destination;
  // Its source may be translated after that.
  const at = branch.steps.findIndex((s) => s.kind === "nat" && isFor(s.packet, to));
  const step = branch.steps[at];
  if (step === undefined || step.because === null || netnsNameOf(step.netns) !== "host") return null;
  const before = branch.steps.slice(0, at).findLast((s) => !isFor(s.packet, to));
  const found = ruleAt(world.netns.get(step.netns), step.because);
  return before === undefined || found === null
    ? null
    : { netns: step.netns, ...found, from: endOf(before.packet), to };
}

/**
 * The world in which that rule translates to somebody else; and where the rules beside it ask whether the old one is the sender
 * (KUBE-MARK-MASQ, for a pod that comes back to itself), they ask for the new one.
 */
export function retargeted(world: World, { netns, place, rule, to }: Translation, { ip, port }: End): World {
  const range = { low: ip.value, high: ip.value, ports: [port, port] as const, random: false };
  const targets = rule.targets.map((t): Target => (t.do === "DNAT" ? { do: "DNAT", range } : t));
  const own = prefixOf(ip.family, ip.value, ip.family === 4 ? 32 : 128);
  const matches = (all: readonly Match[]): readonly Match[] =>
    all.map((m) => (m.match === "source" && isAlone(m.prefixes, to.ip) ? { ...m, prefixes: [own] } : m));
  return replaceChain(world, netns, place, (chain) => ({
    ...chain,
    rules: chain.rules.map((one) => ({
      ...one,
      matches: matches(one.matches),
      ...(one === rule ? { targets } : {}),
    })),
  }));
}

function isAlone(prefixes: readonly Prefix[], ip: Ip): boolean {
  const [only, ...others] = prefixes;
  return (
    only !== undefined && others.length === 0 && only.length === (ip.family === 4 ? 32 : 128) && contains(only, ip)
  );
}

function endOf(packet: Packet): End {
  const payload = payloadOf(packet);
  return { ip: innerIp(packet).dst, port: payload?.kind === "tcp" || payload?.kind === "udp" ? payload.dport : 0 };
}

function isFor(packet: Packet, to: End): boolean {
  const { ip, port } = endOf(packet);
  return sameIp(ip, to.ip) && port === to.port;
}

const OF_DESTINATION: readonly Match["match"][] = ["destination", "dport", "port", "set"];

/** The rule with a DNAT that a fact was read from. */
function ruleAt(netns: Netns | undefined, because: Provenance): Pick<Translation, "place" | "rule" | "isLedTo"> | null {
  if (netns?.rulesets.known !== true) return null;
  for (const { backend, tables } of netns.rulesets.value) {
    for (const { family, name: table, chains } of tables) {
      for (const { name: chain, hook, rules } of chains) {
        const rule = rules.find((own) => own.because === because && own.targets.some((t) => t.do === "DNAT"));
        if (rule === undefined) continue;
        const isLedTo = hook === null && !rule.matches.some(({ match }) => OF_DESTINATION.includes(match));
        return { place: { backend, family, table, chain }, rule, isLedTo };
      }
    }
  }
  return null;
}
