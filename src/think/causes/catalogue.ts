import type { Cause, Finding, Recognised } from "./cause.ts";
import { gatewayAddressMissing, nodeAddressMissing, podAddressMissing } from "./addresses.ts";
import {
  bridgePortBlocked,
  bridgePortMissing,
  hairpinOff,
  staleConntrack,
  staleNeighbour,
  vxlanFdb,
  vxlanMismatch,
  vxlanNeighbour,
  vxlanVtepMac,
} from "./layer2.ts";
import {
  forwardDrop,
  forwardReject,
  ipipBlocked,
  podRuleDrops,
  ruleDrops,
  ruleMissing,
  vxlanUdpBlocked,
} from "./netfilter.ts";
import {
  duplicatePodIp,
  duplicateVtepAddress,
  duplicateVtepMac,
  fabricDrop,
  listenBacklogFull,
  nodeDown,
  noLocalEndpoint,
  noPods,
  noReadyEndpoints,
  notTranslated,
  portClosed,
  selectorMismatch,
  staleDnat,
  staleProxyRules,
  targetPortWrong,
  unnamed,
} from "./objects.ts";
import {
  blackholeRoute,
  linkDown,
  mtuTooSmall,
  noRoute,
  noRouteToPodCidr,
  podLinkDown,
  podNoRoute,
  policyRuleDiverts,
  policyRuleMissing,
  unreachableRoute,
  wrongRoute,
} from "./path.ts";
import { policyDenies } from "./policy.ts";
import { ipsetEntryForeign, ipsetEntryMissing } from "./sets.ts";
import { conntrackTableFull, ipForwardOff, perIfaceForwardingOff, rpFilterStrict, sysctlWrong } from "./sysctl.ts";

/** The first that recognises a finding names it, so the more precise stand before the more general. */
export const CAUSES: readonly Cause[] = [
  ipForwardOff,
  perIfaceForwardingOff,
  rpFilterStrict,
  conntrackTableFull,
  sysctlWrong,
  podRuleDrops,
  vxlanUdpBlocked,
  ipipBlocked,
  forwardReject,
  forwardDrop,
  ruleDrops,
  ipsetEntryMissing,
  ipsetEntryForeign,
  podLinkDown,
  linkDown,
  blackholeRoute,
  unreachableRoute,
  wrongRoute,
  podNoRoute,
  noRoute,
  noRouteToPodCidr,
  mtuTooSmall,
  vxlanFdb,
  vxlanVtepMac,
  vxlanNeighbour,
  vxlanMismatch,
  staleNeighbour,
  bridgePortMissing,
  podAddressMissing,
  gatewayAddressMissing,
  nodeAddressMissing,
  hairpinOff,
  bridgePortBlocked,
  staleConntrack,
  policyRuleDiverts,
  policyRuleMissing,
  ruleMissing,
  unnamed,
  policyDenies,
  selectorMismatch,
  noPods,
  targetPortWrong,
  noReadyEndpoints,
  notTranslated,
  staleProxyRules,
  staleDnat,
  noLocalEndpoint,
  listenBacklogFull,
  portClosed,
  duplicatePodIp,
  duplicateVtepAddress,
  duplicateVtepMac,
  fabricDrop,
  nodeDown,
];

export function nameFinding(finding: Finding): { readonly cause: Cause; readonly recognised: Recognised } | null {
  for (const cause of CAUSES) {
    const recognised = cause.recognise(finding);
    if (recognised !== null) return { cause, recognised };
  }
  return null;
}

export function causeById(id: string): Cause | null {
  return CAUSES.find((cause) => cause.id === id) ?? null;
}

/** What a policy declares is no fault, and is not mended. */
export function isMeant(id: string): boolean {
  return causeById(id)?.layer === "policy";
}
