import { netnsNameOf } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import type { Permission } from "../intent/policy/permits.ts";
import { type Branch, endText, type Flow } from "../walk/branch.ts";
import { chainOf, ruleOf } from "../walk/edits/chains.ts";
import type { Edit } from "../walk/edits/edit.ts";
import type { Confidence, Evidence, NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

interface Failure {
  readonly leg: "request" | "reply";
  readonly at: Branch;
}

/** What was not let pass, and how it may be a declared policy's doing. */
export interface Denial {
  readonly permission: Permission;
  /** The policies deny it, and who stopped it enforces policies: else it only may be so. */
  readonly isMeant: boolean;
}

/** Null: no policy has to do with this end. */
export function denialAt(
  failure: Failure,
  flow: Flow,
  { world, permission: permissionOf }: Pick<Evidence, "world" | "permission">,
): Denial | null {
  const enforcer = isFiltered(failure) ? enforcerAt(world, failure.at) : "nobody";
  if (enforcer === "nobody") return null;
  const permission = permissionOf(flow, failure.at);
  // An engine enforces more than NetworkPolicies: Calico's own policies, AdminNetworkPolicies, profiles.
  if (permission.allowed === true && enforcer !== "engine") return null;
  return { permission, isMeant: permission.allowed === false && enforcer === "engine" };
}

/** An engine stops what no NetworkPolicy denies: it has policies that were not read. */
export function isUndeclared(failure: Failure, flow: Flow, evidence: Pick<Evidence, "world" | "permission">): boolean {
  const denial = denialAt(failure, flow, evidence);
  return denial?.permission.allowed === true;
}

/** Where kube-router, Calico (iptables and nft), Weave Net and Azure's manager stop what no policy lets pass. */
const ENGINES =
  /^(KUBE-(POD-FW|NWPLCY)-|(filter-)?cali-(fw|tw|fh|th|fhfw|thfw|pi|po|gi|go|pri|pro)-|WEAVE-NPC|AZURE-NPM)/;

/**
 * That a policy denies it does not say who stopped it: many networks enforce none, and what stands in the hooks of
 * iptables, a policy DROP or a rule, is an administrator's or docker's. Other chains, and tables of native nft, may be
 * anybody's.
 */
function enforcerAt(world: World, { decidedBy }: Branch): "engine" | "nobody" | "perhaps" {
  const read = decidedBy.find((r) => r.of === "rule");
  if (read === undefined) return "perhaps";
  if (netnsNameOf(read.netns) !== "host") return "nobody";
  if (ENGINES.test(read.chain)) return "engine";
  const netns = world.netns.get(read.netns);
  if (read.backend === "nft" || chainOf(netns, read)?.hook === null) return "perhaps";
  // Weave Net drops behind its chain, in the hook itself.
  const isWeaves = ruleOf(netns, read, read.number)?.matches.some((m) => m.match === "out" && m.name === "weave");
  return isWeaves === true ? "engine" : "nobody";
}

/** A filter stopped the request itself, not a tunnel's packet that carries it: where policies are enforced. */
function isFiltered({ leg, at }: Failure): boolean {
  const isStopped = at.end === "NETFILTER_DROP" || at.end === "NETFILTER_REJECT";
  const headers = at.steps.at(-1)?.packet.headers ?? [];
  return leg === "request" && isStopped && headers.filter((h) => h.kind === "ip").length === 1;
}

/** Declared policies deny it: the network does what it is told to, and there is nothing to repair. */
export function meantDenial(suspect: Suspect, { by, direction }: Permission, confidence: Confidence): NamedCause {
  const policies = by.join(", ");
  const object = `NetworkPolicy ${policies}`;
  const { ip, port } = suspect.branch.destination;
  const to = endText(suspect.tried.flow.protocol, ip, port);
  const from = netnsNameOf(suspect.tried.flow.from);
  return {
    id: "netpol-deny",
    node: null,
    netns: null,
    object,
    found: null,
    wanted: null,
    params: { object, policies, direction, to, from: from.startsWith("pod:") ? from.slice(4) : "" },
    confidence,
    edits: [],
    proven: false,
    suspects: [suspect],
  };
}

/** It was met where the walk ends it, and nobody got through by the same way. */
export function confidenceInDenial(suspect: Suspect, kernelDissents: boolean): Confidence {
  const { witness, failed, attempts, tried } = suspect;
  if (attempts > failed || (attempts === 0 && tried.tries.length > 0)) return "suspected";
  return witness === "agree" && failed > 0 && !kernelDissents ? "confirmed" : "likely";
}

/** An edit that lets pass what a rule or a set stops. */
export function opensFilter({ do: what }: Edit): boolean {
  return what === "remove-rule" || what === "set-policy" || what === "set-ipset-entry" || what === "add-rule";
}
