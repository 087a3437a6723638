import { blackholeRoute } from "./blackhole-route.ts";
import { bridgeNfOff } from "./bridge-nf-off.ts";
import { fabricDrop } from "./fabric-drop.ts";
import { dnsOnly } from "./dns-only.ts";
import { duplicatePodIp } from "./duplicate-pod-ip.ts";
import { externalTrafficPolicyLocal } from "./externaltrafficpolicy-local-without-endpoint.ts";
import { clockSkew } from "./clock-skew.ts";
import { conntrackStaleDnat } from "./conntrack-stale-dnat.ts";
import type { Fault } from "./fault-type.ts";
import { forwardDrop } from "./forward-drop.ts";
import { forwardReject } from "./forward-reject.ts";
import { hairpinOff } from "./hairpin-off.ts";
import { ipForwardOff } from "./ip-forward-off.ts";
import { legacyNftSplit } from "./legacy-nft-split.ts";
import { mtuBlackHole } from "./mtu-black-hole.ts";
import { kubeproxyStaleEndpoint } from "./kubeproxy-stale-endpoint.ts";
import { listenBacklogFull } from "./listen-backlog-full.ts";
import { netpolDeny } from "./netpol-deny.ts";
import { noRouteToPodCidr } from "./no-route-to-pod-cidr.ts";
import { nodeDown, nodeNotReady } from "./node-down.ts";
import { oneInTenEndpointsDead } from "./one-in-ten-endpoints-dead.ts";
import { perIfaceForwardingOff } from "./per-iface-forwarding-off.ts";
import { podIptablesDrop } from "./pod-iptables-drop.ts";
import { podLinkDown } from "./pod-link-down.ts";
import { podNoDefaultRoute } from "./pod-no-default-route.ts";
import { proxyArpOff } from "./proxy-arp-off.ts";
import { rpFilterStrict } from "./rp-filter-strict.ts";
import { staleArp } from "./stale-arp.ts";
import { suspendResume } from "./suspend-resume.ts";
import { svcNoReadyEndpoints } from "./svc-no-ready-endpoints.ts";
import { svcSelectorMismatch } from "./svc-selector-mismatch.ts";
import { unreachableRoute } from "./unreachable-route.ts";
import { vxlanFdbMissing } from "./vxlan-fdb-missing.ts";
import { vxlanNeighMissing } from "./vxlan-neigh-missing.ts";
import { svcTargetportWrong } from "./svc-targetport-wrong.ts";
import { vxlanUdpBlocked } from "./vxlan-udp-blocked.ts";
import { vxlanVniMismatch } from "./vxlan-vni-mismatch.ts";
import { vxlanVtepMacMismatch } from "./vxlan-vtep-mac-mismatch.ts";
import { wrongNextHopMac } from "./wrong-next-hop-mac.ts";
import { wrongNodeIpInRoute } from "./wrong-node-ip-in-route.ts";

/** All faults, the incident first. */
export const FAULTS: readonly Fault[] = [
  suspendResume,
  ipForwardOff,
  perIfaceForwardingOff,
  forwardDrop,
  noRouteToPodCidr,
  vxlanUdpBlocked,
  podLinkDown,
  rpFilterStrict,
  blackholeRoute,
  unreachableRoute,
  forwardReject,
  legacyNftSplit,
  vxlanFdbMissing,
  vxlanNeighMissing,
  vxlanVtepMacMismatch,
  vxlanVniMismatch,
  wrongNextHopMac,
  staleArp,
  podNoDefaultRoute,
  podIptablesDrop,
  bridgeNfOff,
  hairpinOff,
  proxyArpOff,
  wrongNodeIpInRoute,
  mtuBlackHole,
  fabricDrop,
  nodeDown,
  nodeNotReady,
  svcSelectorMismatch,
  svcTargetportWrong,
  svcNoReadyEndpoints,
  externalTrafficPolicyLocal,
  kubeproxyStaleEndpoint,
  conntrackStaleDnat,
  duplicatePodIp,
  listenBacklogFull,
  oneInTenEndpointsDead,
  dnsOnly,
  netpolDeny,
  clockSkew,
];
