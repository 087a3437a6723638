import { overlayLink } from "../../src/lab/wiring/overlay.ts";
import { type Plan, type PlannedNode, podOf } from "../../src/lab/plan.ts";
import { servingPod } from "../../src/lab/faults/serving-nodes.ts";
import { command } from "../lab/lab-bundle.ts";

/** What a verdict has to name. The lab's faults and the product's causes are two vocabularies: here they meet. */
export interface ExpectedCause {
  readonly id: string;
  readonly node: string | null;
  readonly netns: string | null;
  readonly object: string;
}

type Join = (plan: Plan, node: PlannedNode, backend: string) => ExpectedCause;

const onHost = (id: string, object: (plan: Plan, node: PlannedNode, backend: string) => string): Join => {
  return (plan, node, backend) => ({ id, node: node.name, netns: "host", object: object(plan, node, backend) });
};

const JOINED: Readonly<Record<string, Join>> = {
  "suspend-resume": onHost("ip-forward-off", () => "net.ipv4.ip_forward"),
  "ip-forward-off": onHost("ip-forward-off", () => "net.ipv4.ip_forward"),
  "per-iface-forwarding-off": onHost(
    "per-iface-forwarding-off",
    (plan) => `net.ipv4.conf.${overlayLink(plan).replaceAll(".", "/")}.forwarding`,
  ),
  "forward-drop": onHost("forward-drop", (_plan, _node, backend) => `rule ${backend}:filter/FORWARD#1`),
  "no-route-to-pod-cidr": onHost("no-route-to-pod-cidr", (plan, node) => `route ${farPodCidr(plan, node)} table main`),
  "vxlan-udp-blocked": onHost("vxlan-udp-blocked", (_plan, _node, backend) => `rule ${backend}:filter/INPUT#1`),
  "pod-link-down": onHost("pod-link-down", (plan, node) => `link ${servingPod(plan, node).hostLink}`),
  "svc-selector-mismatch": () => ({
    id: "svc-selector-mismatch",
    node: null,
    netns: null,
    object: "Service default/backend .spec.selector",
  }),
};

/** @param backend as a verdict names the tables that the lab's iptables writes; see iptablesBackend */
export function expectedCause(fault: string, plan: Plan, node: PlannedNode, backend: string): ExpectedCause {
  const join = JOINED[fault];
  if (join === undefined) throw new Error(`no cause is joined with the lab's fault ${fault}`);
  return join(plan, node, backend);
}

/** The lab prefers iptables-nft where there is a command of that name, and else takes iptables, whichever that is. */
export async function iptablesBackend(): Promise<string> {
  if ((await command("sh", "-c", "command -v iptables-nft")).code === 0) return "iptables-nft";
  const { stdout } = await command("iptables", "--version");
  return stdout.includes("nf_tables") ? "iptables-nft" : "iptables-legacy";
}

/** The gateway's node loses the way to the backend's pods; every other node the way to the gateway's. */
function farPodCidr(plan: Plan, node: PlannedNode): string {
  const gateway = podOf(plan, "frontend");
  const far = node.name === gateway.node ? podOf(plan, "backend").node : gateway.node;
  const found = plan.nodes.find((one) => one.name === far);
  if (found === undefined) throw new Error(`the plan has no node ${far}`);
  return found.podCidr;
}
