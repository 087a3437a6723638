import type { Fault } from "./fault-type.ts";
import { forwardDrop } from "./forward-drop.ts";
import { ipForwardOff } from "./ip-forward-off.ts";
import { noRouteToPodCidr } from "./no-route-to-pod-cidr.ts";
import { perIfaceForwardingOff } from "./per-iface-forwarding-off.ts";
import { podLinkDown } from "./pod-link-down.ts";
import { suspendResume } from "./suspend-resume.ts";
import { svcSelectorMismatch } from "./svc-selector-mismatch.ts";
import { vxlanUdpBlocked } from "./vxlan-udp-blocked.ts";

/** All faults, the incident first. */
export const FAULTS: readonly Fault[] = [
  suspendResume,
  ipForwardOff,
  perIfaceForwardingOff,
  forwardDrop,
  noRouteToPodCidr,
  vxlanUdpBlocked,
  podLinkDown,
  svcSelectorMismatch,
];
