import { overlayLink } from "../../src/lab/wiring/overlay.ts";
import type { Plan, PlannedNode } from "../../src/lab/plan.ts";
import { farNode, servingPod } from "../../src/lab/faults/serving-nodes.ts";
import { command } from "../lab/lab-bundle.ts";
import type { Symptom } from "./symptoms.ts";

/** What a verdict has to name. The lab's faults and the product's causes are two vocabularies: here they meet. */
export interface ExpectedCause {
  readonly id: string;
  readonly node: string | null;
  readonly netns: string | null;
  readonly object: string;
  /** Why nobody can do more than call it likely. Absent: it is to be confirmed. */
  readonly likelyBecause?: string;
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
  readonly cause: ExpectedCause;
  /** Tried before those of any fault: who does not do this does not meet it. */
  readonly symptoms: readonly Symptom[];
  /** Run after the repair was taken back: what machines remember of the time in between would hide that it is broken. */
  readonly forget: () => Promise<void>;
}

interface Join {
  readonly cause: (broken: Broken) => ExpectedCause;
  readonly symptoms?: (broken: Broken) => readonly Symptom[];
  readonly forget?: (broken: Broken) => Promise<void>;
}

const onHost = (id: string, object: (broken: Broken) => string): Join => ({
  cause: (broken) => ({ id, node: broken.node.name, netns: "host", object: object(broken) }),
});

const JOINED: Readonly<Record<string, Join>> = {
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
  "svc-selector-mismatch": {
    cause: () => ({
      id: "svc-selector-mismatch",
      node: null,
      netns: null,
      object: "Service default/backend .spec.selector",
    }),
  },
};

export function expectedOf(fault: string, broken: Broken): Expected {
  const join = JOINED[fault];
  if (join === undefined) throw new Error(`no cause is joined with the lab's fault ${fault}`);
  return {
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
