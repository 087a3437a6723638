import { CLIENT_ADDRESS, LAN_GATEWAY, type Plan, type PlannedNode } from "../plan.ts";

/** The switch between the machines: a bridge in a namespace of its own, whose address is everybody's gateway. */
export function lanLines(plan: Plan): string[] {
  return [
    "link set lo up",
    "link add br0 type bridge",
    `address add ${LAN_GATEWAY}/24 brd + dev br0`,
    "link set br0 up",
    ...plan.nodes.flatMap(nodePortLines),
    ...portLines("client", plan.clientNetns),
  ];
}

/** A new namespace starts with the machine's own value, which may be 1; these two route nothing. */
export const NO_ROUTER = { "net.ipv4.ip_forward": "0" } as const;

/** A switch does not filter what it bridges. */
export const LAN_SYSCTLS = {
  "net.bridge.bridge-nf-call-iptables": "0",
  "net.bridge.bridge-nf-call-ip6tables": "0",
  "net.bridge.bridge-nf-call-arptables": "0",
} as const;

/** What a machine has before Kubernetes: set first, since new devices inherit `conf.default`. */
export const NODE_SYSCTLS = {
  "net.ipv4.conf.all.rp_filter": "0",
  "net.ipv4.conf.default.rp_filter": "0",
  "net.ipv4.ip_forward": "1",
  // kube-proxy, in iptables mode, so that node ports answer on 127.0.0.1 too.
  "net.ipv4.conf.all.route_localnet": "1",
} as const;

export const NODE_BRIDGE_SYSCTLS = {
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.bridge.bridge-nf-call-ip6tables": "1",
} as const;

/** Duplicate address detection would keep link-local addresses tentative for the first second. */
export const NO_DAD = { "net.ipv6.conf.all.accept_dad": "0", "net.ipv6.conf.default.accept_dad": "0" } as const;

/**
 * A network card cuts what its system hands it into frames that fit the wire; a veth would pass it on uncut, and no port on
 * the way would find it too large.
 */
const CUTS = "gso_max_segs 1";

export function uplinkLines(address: string): string[] {
  return ["link set lo up", `address add ${address}/24 brd + dev eth0`, `link set eth0 up ${CUTS}`, defaultRoute()];
}

export function clientLines(): string[] {
  return uplinkLines(CLIENT_ADDRESS);
}

export function defaultRoute(): string {
  return `route replace default via ${LAN_GATEWAY} dev eth0`;
}

/** What an administrator has set by the time Kubernetes runs (kubernetes.io, "Container Runtimes", prerequisites). */
export function sysctlFile(): string {
  return [
    "# sysctl params required by Kubernetes, params persist across reboots",
    "net.bridge.bridge-nf-call-iptables  = 1",
    "net.bridge.bridge-nf-call-ip6tables = 1",
    "net.ipv4.ip_forward                 = 1",
    "",
  ].join("\n");
}

export function nodeUplinkLines(node: PlannedNode): string[] {
  return uplinkLines(node.address);
}

/** The switch's end has the node's address with `fe` before it, as libvirt names its taps: a new cable is like the old. */
export function nodePortLines(node: PlannedNode): string[] {
  const portMac = node.mac.replace(/^../, "fe");
  return portLines(node.name, node.netns, `address ${portMac}`, `address ${node.mac}`);
}

function portLines(port: string, netns: string, address = "", peerAddress = ""): string[] {
  return [
    `link add ${port} ${address} type veth peer name eth0 ${peerAddress} netns ${netns}`,
    `link set ${port} master br0`,
    `link set ${port} up`,
  ];
}
