import type { Netns } from "../../../facts/netns.ts";
import { phrase } from "../../../facts/phrase.ts";
import type { Hook, Rule } from "../../../facts/ruleset.ts";
import type { Packet } from "../packet.ts";
import type { Read } from "../reads.ts";
import { type BaseChain, baseChainsAt } from "./base-chains.ts";
import type { HookContext, HookOutcome } from "./contract.ts";
import { liveMarks } from "./live-marks.ts";
import { endAlike } from "./outcomes.ts";
import { traverseBases } from "./traverse-hook.ts";

type Ask = (read: Read) => void;

/** nf_hook_ingress: netdev (and inet) chains on a device, behind its tap and before the IP stack. */
export function traverseIngress(netns: Netns, device: string, packet: Packet, ask: Ask): readonly HookOutcome[] {
  return traverseDevice(netns, "ingress", device, packet, ask);
}

/** nf_hook_egress: netdev chains on a device, before its tap. */
export function traverseEgress(netns: Netns, device: string, packet: Packet, ask: Ask): readonly HookOutcome[] {
  return traverseDevice(netns, "egress", device, packet, ask);
}

/** The bridge family's chains for a bridged frame that carries IP; `iif` and `oif` are ports of the bridge. */
export function traverseBridge(
  netns: Netns,
  hook: Hook,
  links: { readonly iif: string | null; readonly oif: string | null },
  packet: Packet,
  ask: Ask,
): readonly HookOutcome[] {
  const context = layer2Context(netns, hook, links, packet, ask);
  if (!netns.rulesets.known) return [passed(packet)];
  return traverseBases(context, baseChainsAt(netns.rulesets.value, hook, ["bridge"]), false);
}

/** Unread rules are reported by the IP hooks, which every packet that matters meets. */
function traverseDevice(
  netns: Netns,
  hook: "ingress" | "egress",
  device: string,
  packet: Packet,
  ask: Ask,
): readonly HookOutcome[] {
  if (!netns.rulesets.known) return [passed(packet)];
  const bases = baseChainsAt(netns.rulesets.value, hook, ["netdev", "inet"]);
  const bound = bases.filter(isBound);
  const stranger = bases.find((base) => !isBound(base));
  const links = hook === "ingress" ? { iif: device, oif: null } : { iif: null, oif: device };
  const context = layer2Context(netns, hook === "ingress" ? "PREROUTING" : "POSTROUTING", links, packet, ask);
  const outcomes = traverseBases(context, bound, false);
  if (stranger === undefined) return outcomes;
  if (endAlike(outcomes, traverseBases(context, bases, false), liveMarks(netns))) return outcomes;
  const why = phrase("base-chain-device", { hook, chain: `${stranger.table.name}/${stranger.chain.name}`, device });
  return outcomes.map((o) => (o.verdict.do === "accept" ? { ...o, verdict: { do: "unknown", by: null, why } } : o));
}

/**
 * A chain of known devices asks for them in each of its rules, its policy's included. nft 1.0.6 leaves the devices out
 * of its JSON: such a chain may be on any.
 */
function isBound({ chain }: BaseChain): boolean {
  const names = (rule: Rule): boolean => rule.matches.some((m) => m.match === "in" || m.match === "out");
  return chain.policy !== "DROP" && chain.rules.every(names);
}

function passed(packet: Packet): HookOutcome {
  return { weight: 1, verdict: { do: "accept" }, packet, connection: null, acted: [] };
}

/** Below IP there is no conntrack, no route and no address of one's own to ask for. */
function layer2Context(
  netns: Netns,
  hook: Hook,
  links: { readonly iif: string | null; readonly oif: string | null },
  packet: Packet,
  ask: Ask,
): HookContext {
  return {
    netns,
    hook,
    packet: { ...packet, ct: "INVALID" },
    ...links,
    physIn: null,
    physOut: null,
    connection: null,
    ask,
    addressType: () => "UNKNOWN",
    masqueradeSource: () => null,
    reversePathOk: () => null,
  };
}
