import type { Netns } from "../../../facts/netns.ts";
import type { Chain, Hook, Match, Rule } from "../../../facts/ruleset.ts";
import { phrase } from "../../../facts/phrase.ts";
import type { NotKnown } from "../traveller.ts";
import { type BaseChain, baseChainsAt, findChain } from "./base-chains.ts";

/**
 * Whether ARP passes the chains of its own family (arp_rcv, arp_xmit), or of bridges, between such links: null where it does, or
 * which chain may keep it.
 */
export function doubtArp(
  netns: Netns,
  family: "arp" | "bridge",
  hooks: readonly Hook[],
  links: readonly string[],
): NotKnown | null {
  const rulesets = netns.rulesets.known ? netns.rulesets.value : [];
  const bases = hooks.flatMap((hook) => baseChainsAt(rulesets, hook, [family]));
  const keeper = bases.find((base) => mayKeep(base, links));
  if (keeper === undefined) return null;
  const chain = `${family} ${keeper.table.name}/${keeper.chain.name}`;
  return { why: phrase("arp-filtered", { netns: netns.id, chain }), because: keeper.chain.because };
}

/** Addresses within ARP are asked by nobody here: a rule that asks for them may match. */
function mayKeep(base: BaseChain, links: readonly string[]): boolean {
  const fate = fateIn(base, base.chain, links, 16);
  return fate === "doubtful" || (fate === "on" && base.chain.policy === "DROP");
}

function fateIn(base: BaseChain, chain: Chain, links: readonly string[], depth: number): "passes" | "doubtful" | "on" {
  if (depth === 0) return "doubtful";
  for (const rule of chain.rules) {
    const matches = meetsArp(rule, links);
    if (matches === false) continue;
    for (const target of rule.targets) {
      switch (target.do) {
        case "ACCEPT":
          if (matches === true) return "passes";
          break;
        case "RETURN":
          if (matches === true) return "on";
          break;
        case "jump":
        case "goto": {
          const called = findChain(base.table, target.chain);
          const fate = called === undefined ? "doubtful" : fateIn(base, called, links, depth - 1);
          if (fate === "doubtful") return fate;
          if (matches === true && (fate === "passes" || target.do === "goto")) return fate;
          break;
        }
        case "DROP":
        case "REJECT":
        case "unknown":
          return "doubtful";
        default:
      }
    }
  }
  return "on";
}

/** nft_payload and nft_meta break off at what only IP has, negated or not. */
const OF_IP: ReadonlySet<Match["match"]> = new Set([
  "source",
  "destination",
  "protocol",
  "sport",
  "dport",
  "port",
  "tcp-flags",
  "icmp-type",
  "addrtype",
  "iprange",
  "ttl",
  "fragment",
]);

/** Null: it may. */
function meetsArp(rule: Rule, links: readonly string[]): boolean | null {
  const answers = rule.matches.map((match) => meets(match, links));
  if (answers.includes(false)) return false;
  return answers.includes(null) ? null : true;
}

function meets(match: Match, links: readonly string[]): boolean | null {
  if (OF_IP.has(match.match)) return false;
  if (match.match === "in" || match.match === "out") {
    const stem = /^(.*)[*+]$/.exec(match.name)?.[1];
    const isOne = links.some((link) => (stem === undefined ? link === match.name : link.startsWith(stem)));
    return isOne || match.negate ? null : false;
  }
  const type = match.match === "unknown" ? /^(?:ether type|meta protocol) (!= )?(\w+)$/.exec(match.text) : null;
  return type === null ? null : (type[2] === "arp") !== (type[1] !== undefined);
}
