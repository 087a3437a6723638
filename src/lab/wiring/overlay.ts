import type { Plan, PlannedNode } from "../plan.ts";

/** What to do in one node's namespace, in the order of the fields. */
export interface NodeWiring {
  /** Lines for `ip -batch`: the overlay's device, none where it has none. */
  tunnel: readonly string[];
  /** Lines for `ip -batch`: other devices, addresses, and the pods' veths. */
  links: readonly string[];
  /** Switches of the devices above, as the CNI's agent sets them. */
  sysctls: Readonly<Record<string, string>>;
  /** Lines for `ipset restore`. */
  ipsets: readonly string[];
  peers: PeerWiring;
}

/** What the CNI's daemon keeps in step with the other nodes, and puts back when a link has been down. */
export interface PeerWiring {
  /** Lines for `ip -batch`, all `replace`, so that they can be run again at any time. */
  routes: readonly string[];
  /** Lines for `bridge -batch`. */
  fdb: readonly string[];
}

/** The device that traffic from other nodes' pods arrives on. */
export function overlayLink(plan: Plan): string {
  if (plan.overlay === "host-gw") return "eth0";
  if (plan.cni === "flannel") return plan.overlay === "vxlan" ? "flannel.1" : "flannel.ipip";
  return plan.overlay === "vxlan" ? "vxlan.calico" : "tunl0";
}

export function vxlanPort(plan: Plan): number {
  return plan.cni === "flannel" ? 8472 : 4789;
}

/** What is left of 1500 after the outer headers: 20 for IPIP, 20 + 8 + 8 + 14 for VXLAN. */
export function podMtu(plan: Plan): number {
  return { vxlan: 1450, ipip: 1480, "host-gw": 1500 }[plan.overlay];
}

export function othersThan(plan: Plan, node: PlannedNode): PlannedNode[] {
  return plan.nodes.filter((other) => other !== node);
}
