import { farNode, linkToPod, servingPod } from "../../src/lab/faults/serving-nodes.ts";
import { sysctlOfLink } from "../../src/lab/netns.ts";
import type { Plan, PlannedNode, PlannedPod } from "../../src/lab/plan.ts";
import { overlayLink } from "../../src/lab/wiring/overlay.ts";
import { command } from "../lab/command.ts";
import { BETWEEN_NODES } from "./between-node-causes.ts";
import { podNetns } from "./lab-places.ts";
import { SERVICE_FAULTS } from "./service-fault-causes.ts";
import { type Symptom, serviceCall } from "./symptoms.ts";

/** What a verdict has to name. The lab's faults and the product's causes are two vocabularies: here they meet. */
export interface ExpectedCause {
  readonly id: string;
  readonly node: string | null;
  readonly netns: string | null;
  readonly object: string;
  /** Why nobody can do more than call it likely. Absent: it is to be confirmed. */
  readonly likelyBecause?: string;
  /** Why nothing is changed while it runs. Absent: `repair --apply` heals it. */
  readonly byHandBecause?: string;
}

/** What has to be noted beside a verdict of healthy. */
export interface ExpectedNote {
  readonly what: string;
  readonly why: RegExp;
}

/** A lab with a fault on one of its nodes. */
export interface Broken {
  readonly plan: Plan;
  readonly node: PlannedNode;
  /** As a verdict names the tables that the lab's iptables writes; see iptablesBackend. */
  readonly backend: string;
}

/** What has to come out of a fault. */
export interface Expected {
  readonly open: string | null;
  readonly cause: ExpectedCause;
  /** Tried before those of any fault: who does not do this does not meet it. */
  readonly symptoms: readonly Symptom[];
  /** Run after the repair was taken back: what machines remember of the time in between would hide that it is broken. */
  readonly forget: () => Promise<void>;
}

export interface Join {
  /** What is known to come out wrong and why it is left so for now: the row is skipped and says it. */
  readonly open?: string;
  readonly cause: (broken: Broken) => ExpectedCause;
  readonly symptoms?: (broken: Broken) => readonly Symptom[];
  readonly forget?: (broken: Broken) => Promise<void>;
}

const onHost = (id: string, object: (broken: Broken) => string): Join => ({
  cause: (broken) => ({ id, node: broken.node.name, netns: "host", object: object(broken) }),
});

const inPod = (id: string, object: (broken: Broken) => string): Join => ({
  cause: (broken) => ({
    id,
    node: broken.node.name,
    netns: podNetns(servingPod(broken.plan, broken.node)),
    object: object(broken),
  }),
});

/** The tunnel address of the node that this one's traffic goes to, as a neighbour. */
const farTunnel = ({ plan, node }: Broken): string =>
  `neigh ${farNode(plan, node).tunnelAddress} dev ${overlayLink(plan)}`;

const bannedRoute = ({ plan, node }: Broken): string =>
  `route ${servingPod(plan, farNode(plan, node)).address}/32 table main`;

/** The serving pod's Service, called by that pod itself or by another on its node. */
const callTo = ({ plan, node }: Broken, isCaller: (pod: PlannedPod, serving: PlannedPod) => boolean): Symptom[] => {
  const serving = servingPod(plan, node);
  const callers = plan.pods.filter((pod) => pod.node === node.name && isCaller(pod, serving));
  return callers.slice(0, 1).map((caller) => serviceCall(plan, serving.app, caller));
};

const JOINED: Readonly<Record<string, Join>> = {
  ...BETWEEN_NODES,
  "suspend-resume": onHost("ip-forward-off", () => "net.ipv4.ip_forward"),
  "ip-forward-off": onHost("ip-forward-off", () => "net.ipv4.ip_forward"),
  "per-iface-forwarding-off": onHost(
    "per-iface-forwarding-off",
    ({ plan }) => `net.ipv4.conf.${overlayLink(plan).replaceAll(".", "/")}.forwarding`,
  ),
  "forward-drop": onHost("forward-drop", ({ backend }) => `rule ${backend}:filter/FORWARD#1`),
  "no-route-to-pod-cidr": onHost(
    "no-route-to-pod-cidr",
    ({ plan, node }) => `route ${farNode(plan, node).podCidr} table main`,
  ),
  "vxlan-udp-blocked": onHost("vxlan-udp-blocked", ({ backend }) => `rule ${backend}:filter/INPUT#1`),
  "pod-link-down": onHost("pod-link-down", ({ plan, node }) => `link ${servingPod(plan, node).hostLink}`),
  // The filter drops, and yet it is the route that is unlike its peers': without the filter packets would go by two ways.
  "rp-filter-strict": onHost("wrong-route", ({ plan, node }) => `route ${farNode(plan, node).podCidr} table main`),
  "blackhole-route": onHost("blackhole-route", bannedRoute),
  "unreachable-route": onHost("unreachable-route", bannedRoute),
  "forward-reject": onHost("forward-reject", ({ backend }) => `rule ${backend}:filter/FORWARD#1`),
  "legacy-nft-split": onHost("forward-drop", () => "rule iptables-legacy:filter/FORWARD#1"),
  "vxlan-fdb-missing": onHost(
    "vxlan-fdb-missing",
    ({ plan, node }) => `fdb ${farNode(plan, node).tunnelMac} dev ${overlayLink(plan)}`,
  ),
  "vxlan-neigh-missing": onHost("vxlan-neigh-missing", farTunnel),
  "vxlan-vtep-mac-mismatch": onHost("vxlan-vtep-mac-mismatch", farTunnel),
  "vxlan-vni-mismatch": {
    cause: ({ plan, node }) => ({
      id: "vxlan-vni-mismatch",
      node: node.name,
      netns: "host",
      object: `link ${overlayLink(plan)}`,
      byHandBecause: "a VXLAN device's VNI cannot be changed: it is made anew, and with it its routes and neighbours",
    }),
  },
  "wrong-next-hop-mac": onHost("stale-arp", ({ plan, node }) => `neigh ${farNode(plan, node).address} dev eth0`),
  "stale-arp": onHost("stale-arp", ({ plan, node }) => {
    const pod = servingPod(plan, node);
    return `neigh ${pod.address} dev ${linkToPod(plan, pod)}`;
  }),
  "pod-no-default-route": {
    ...inPod("pod-no-default-route", () => "route 0.0.0.0/0 table main"),
    // Where pods have a route to other pods besides, only what goes out to a Service needs this one.
    symptoms: ({ plan, node }) => (plan.cni === "flannel" ? [serviceCall(plan, "web", servingPod(plan, node))] : []),
  },
  "pod-iptables-drop": inPod("pod-iptables-drop", ({ backend }) => `rule ${backend}:filter/INPUT#1`),
  "bridge-nf-off": {
    ...onHost("sysctl-wrong", () => "net.bridge.bridge-nf-call-iptables"),
    symptoms: (broken) => callTo(broken, (pod, serving) => pod !== serving),
  },
  "hairpin-off": {
    ...onHost("hairpin-off", ({ plan, node }) => `link ${servingPod(plan, node).hostLink}`),
    symptoms: (broken) => callTo(broken, (pod, serving) => pod === serving),
  },
  "proxy-arp-off": {
    ...onHost("sysctl-wrong", ({ plan, node }) => sysctlOfLink(servingPod(plan, node).hostLink, "proxy_arp")),
    forget: async ({ plan, node }) => {
      await command("ip", "-n", servingPod(plan, node).netns, "neigh", "flush", "dev", "eth0");
    },
  },
  ...SERVICE_FAULTS,
};

/** Faults by which no packet is lost. */
const HARMLESS: Readonly<Record<string, (broken: Broken) => ExpectedNote>> = {
  "clock-skew": ({ node }) => ({
    what: `the times that ${node.name} tells, beside those of other nodes`,
    why: /\b3[56]\d\d s ahead of that of /,
  }),
};

/** Null where the fault breaks something: then expectedOf knows what has to come out. */
export function noteOf(fault: string, broken: Broken): ExpectedNote | null {
  return HARMLESS[fault]?.(broken) ?? null;
}

export function expectedOf(fault: string, broken: Broken): Expected {
  const join = JOINED[fault];
  if (join === undefined) throw new Error(`no cause is joined with the lab's fault ${fault}`);
  return {
    open: join.open ?? null,
    cause: join.cause(broken),
    symptoms: join.symptoms?.(broken) ?? [],
    forget: async () => join.forget?.(broken),
  };
}

/** The lab prefers iptables-nft where there is a command of that name, and else takes iptables, whichever that is. */
export async function iptablesBackend(): Promise<string> {
  if ((await command("sh", "-c", "command -v iptables-nft")).code === 0) return "iptables-nft";
  const { stdout } = await command("iptables", "--version");
  return stdout.includes("nf_tables") ? "iptables-nft" : "iptables-legacy";
}
