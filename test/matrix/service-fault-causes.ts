import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { healFaults, injectFault } from "../../src/lab/fault.ts";
import { RESOLVER_PORT } from "../../src/lab/faults/conntrack-stale-dnat.ts";
import { frontendNode, servingPod } from "../../src/lab/faults/serving-nodes.ts";
import { resolverLogPath } from "../../src/lab/paths.ts";
import { type Plan, type PlannedNode, podOf, serviceOf } from "../../src/lab/plan.ts";
import { serviceChains } from "../../src/lab/rules/kube-proxy-rules.ts";
import type { Join } from "./lab-fault-causes.ts";
import { podNetns } from "./lab-places.ts";
import { getAtOnce, getFrom, resolveFrom, type Symptom } from "./symptoms.ts";

const ofApi = (id: string, object: string) => ({ id, node: null, netns: null, object });

/** Faults of Services, of their endpoints and of their servers. */
export const SERVICE_FAULTS: Readonly<Record<string, Join>> = {
  "svc-selector-mismatch": {
    cause: () => ofApi("svc-selector-mismatch", "Service default/backend .spec.selector"),
  },
  "svc-targetport-wrong": {
    cause: () => ofApi("svc-targetport-wrong", "Service default/backend .spec.ports[http].targetPort"),
  },
  "svc-no-ready-endpoints": {
    cause: () => ofApi("svc-no-ready-endpoints", "Service default/backend endpoints"),
  },
  "externaltrafficpolicy-local-without-endpoint": {
    cause: () => ofApi("svc-no-local-endpoint", "Service default/frontend .spec.externalTrafficPolicy"),
    symptoms: ({ plan }) => [nodePortElsewhere(plan)],
  },
  "kubeproxy-stale-endpoint": {
    cause: ({ plan, node, backend }) => ({
      id: "kubeproxy-stale-endpoint",
      node: node.name,
      netns: "host",
      object: `rule ${backend}:nat/${endpointChain(plan)}#2`,
    }),
    symptoms: ({ plan }) => [fromEveryNode(plan)],
  },
  "conntrack-stale-dnat": {
    cause: ({ plan, node }) => ({
      id: "conntrack-stale-dnat",
      node: node.name,
      netns: "host",
      object: `conntrack ${resolverTuple(plan, node)}`,
    }),
    symptoms: ({ plan, node }) => [askingOn(plan, node)],
    // A deleted entry is nothing to take back, and the kernel's new one is right: the fault has to come anew.
    forget: async ({ plan, node }) => {
      await healFaults(plan.lab);
      await injectFault(plan.lab, "conntrack-stale-dnat", node.name);
    },
  },
  "duplicate-pod-ip": {
    cause: ({ plan }) => ofApi("duplicate-pod-ip", `address ${podOf(plan, "dns").address}`),
  },
  "listen-backlog-full": {
    cause: ({ plan, node }) => ({
      id: "listen-backlog-full",
      node: node.name,
      netns: podNetns(servingPod(plan, node)),
      object: "socket tcp 8080",
    }),
  },
  "one-in-ten-endpoints-dead": {
    cause: ({ node, backend }) => ({
      id: "forward-reject",
      node: node.name,
      netns: "host",
      object: `rule ${backend}:filter/FORWARD#1`,
    }),
    symptoms: ({ plan }) => [webOften(plan)],
  },
  "netpol-deny": {
    cause: () => ofApi("netpol-deny", "NetworkPolicy default/backend-only-from-web"),
  },
  "dns-only": {
    cause: ({ node, backend }) => ({
      id: "forward-drop",
      node: node.name,
      netns: "host",
      object: `rule ${backend}:filter/FORWARD#1`,
    }),
    symptoms: ({ plan, node }) => [resolving(plan, node.name)],
  },
};

/** So often that one dead endpoint of ten is missed once in 4,500 times. */
const TRIES_OF_TEN = 80;

/** The node port of web, from outside. */
function webOften(plan: Plan): Symptom {
  const url = `http://${plan.nodes[0]?.address}:30008/`;
  return { input: url, try: () => getAtOnce(plan.clientNetns, url, TRIES_OF_TEN) };
}

/** The gateway's node port at a node where the gateway does not run. */
function nodePortElsewhere(plan: Plan): Symptom {
  const other = plan.nodes.find((node) => node.name !== frontendNode(plan).name);
  const url = `http://${other?.address}:30007/`;
  return { input: url, try: () => Promise.all(Array.from({ length: 6 }, () => getFrom(plan.clientNetns, url))) };
}

function resolverTuple(plan: Plan, node: PlannedNode): string {
  const { address } = servingPod(plan, node);
  return `udp src=${address} dst=${serviceOf(plan, "kube-dns").clusterIp} sport=${RESOLVER_PORT} dport=53`;
}

const LOOK_AT_LOG_MS = 1500;

/** What the client that never pauses has met meanwhile, by its own log: nobody else can send from its port. */
function askingOn(plan: Plan, node: PlannedNode): Symptom {
  const lines = (): string[] => readFileSync(resolverLogPath(plan.lab, node.name), "utf8").split("\n");
  return {
    input: "dns/kube-dns.kube-system.svc.cluster.local",
    flags: ["--from", `pod/${servingPod(plan, node).name}`],
    try: async () => {
      const before = lines().length;
      await setTimeout(LOOK_AT_LOG_MS);
      const met = lines().slice(before - 1);
      return met.flatMap((line) => (line.endsWith("answered") ? ["200"] : line.endsWith("timeout") ? ["000"] : []));
    },
  };
}

function fromEveryNode(plan: Plan): Symptom {
  const url = `http://${serviceOf(plan, "backend").clusterIp}/`;
  return { input: "svc/backend", try: () => Promise.all(onePodEach(plan).map(({ netns }) => getFrom(netns, url))) };
}

function resolving(plan: Plan, node: string): Symptom {
  const pod = onePodEach(plan).find((one) => one.node === node) ?? podOf(plan, "frontend");
  return {
    input: "dns/backend.default.svc.cluster.local",
    flags: ["--from", `pod/${pod.name}`],
    try: async () => [await resolveFrom(pod.netns, "backend.default.svc.cluster.local.")],
  };
}

function onePodEach(plan: Plan) {
  const pods = plan.nodes.map((node) => plan.pods.find((pod) => pod.node === node.name && pod.app !== "dns"));
  return pods.filter((pod) => pod !== undefined);
}

/** Where kube-proxy leads the backend's Service while its pod has the address that was planned. */
function endpointChain(plan: Plan): string {
  const backend = podOf(plan, "backend");
  const { clusterIp } = serviceOf(plan, "backend");
  const port = { name: "default/backend:http", protocol: "TCP", clusterIp, port: 80, nodePort: null } as const;
  const endpoints = [{ address: backend.address, port: 8080, node: backend.node }];
  const chains = serviceChains([{ ...port, isExternalLocal: false, endpoints }], backend.node);
  return chains.find((chain) => chain.startsWith("KUBE-SEP-")) ?? "";
}
