/** A fault of the lab, on a node or of the whole cluster. */
export interface PlacedFault {
  readonly fault: string;
  readonly node?: string;
}

/** Two faults at once. The URL goes client, k1 (the gateway), k2 (its backend), and the answer the same way back. */
export interface Pair {
  readonly title: string;
  /** In the order in which the URL's packets meet them. */
  readonly faults: readonly [first: PlacedFault, second: PlacedFault];
  /** The second stops the same packets: the walk sees it behind the first. */
  readonly isForetold: boolean;
  /** Left out: on both. */
  readonly cni?: "flannel" | "calico";
  /** Tried in every run of the tests. */
  readonly isUsual?: true;
}

const on = (node: string, fault: string): PlacedFault => ({ fault, node });

export const PAIRS: readonly Pair[] = [
  {
    title: "a route and a switch, on two nodes",
    faults: [on("k1", "no-route-to-pod-cidr"), on("k2", "ip-forward-off")],
    isForetold: true,
    isUsual: true,
  },
  {
    title: "a switch and a rule, on one node",
    faults: [on("k2", "ip-forward-off"), on("k2", "forward-drop")],
    isForetold: true,
  },
  {
    title: "the tunnel's port and a switch, on one node",
    faults: [on("k2", "vxlan-udp-blocked"), on("k2", "ip-forward-off")],
    isForetold: true,
  },
  {
    title: "a tunnel's entry and a rule in the pod",
    faults: [on("k1", "vxlan-fdb-missing"), on("k2", "pod-iptables-drop")],
    isForetold: true,
  },
  {
    title: "a switch and the pod's link",
    faults: [on("k2", "ip-forward-off"), on("k2", "pod-link-down")],
    isForetold: true,
  },
  {
    title: "both legs: a rule on the way there, a route on the way back",
    faults: [on("k2", "forward-drop"), on("k2", "no-route-to-pod-cidr")],
    isForetold: true,
  },
  {
    title: "both legs, on two nodes: the same port there and back",
    faults: [on("k2", "vxlan-udp-blocked"), on("k1", "vxlan-udp-blocked")],
    isForetold: true,
  },
  {
    title: "the same switch on two nodes: the client's way, then the gateway's",
    faults: [on("k1", "ip-forward-off"), on("k2", "ip-forward-off")],
    isForetold: false,
  },
  {
    title: "a Service's selector and a switch",
    faults: [{ fault: "svc-selector-mismatch" }, on("k2", "ip-forward-off")],
    isForetold: false,
    isUsual: true,
  },
  {
    title: "a banned pod and a REJECT",
    faults: [on("k1", "blackhole-route"), on("k2", "forward-reject")],
    isForetold: true,
  },
  {
    title: "an unreachable route there, and a neighbour that is missing on the way back",
    faults: [on("k1", "unreachable-route"), on("k2", "vxlan-neigh-missing")],
    isForetold: true,
  },
  {
    title: "an interface's switch, and the pod's own way back",
    faults: [on("k2", "per-iface-forwarding-off"), on("k2", "pod-no-default-route")],
    isForetold: true,
    cni: "calico",
  },
];
