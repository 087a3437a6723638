import { createHash, randomBytes, randomInt } from "node:crypto";
import { LabError } from "./lab-error.ts";

export type Cni = "calico" | "flannel";
export type Overlay = "vxlan" | "host-gw" | "ipip";

export interface PlannedNode {
  name: string;
  netns: string;
  address: string;
  mac: string;
  /** flannel: the /24 that the node's pods live in; calico: its first /26 block. */
  podCidr: string;
  /** The address of the tunnel device: the first of the block, as flannel and Calico both choose it. */
  tunnelAddress: string;
  tunnelMac: string;
  bridgeMac: string;
}

export interface PlannedPod {
  name: string;
  namespace: string;
  app: string;
  template: string;
  serves: "gateway" | "web" | "dns";
  node: string;
  netns: string;
  address: string;
  mac: string;
  hostLink: string;
  hostMac: string;
}

export interface PlannedPort {
  name: string;
  protocol: "TCP" | "UDP";
  port: number;
  targetPort: number;
  nodePort?: number;
}

export interface PlannedService {
  name: string;
  namespace: string;
  type: "ClusterIP" | "NodePort";
  clusterIp: string;
  selector: Record<string, string>;
  ports: readonly PlannedPort[];
}

export interface Plan {
  lab: string;
  /** Unique to this one build of the lab: in the environment of every process that it starts. */
  marker: string;
  cni: Cni;
  overlay: Overlay;
  createdAt: string;
  clusterCidr: string;
  serviceCidr: string;
  lanNetns: string;
  clientNetns: string;
  nodes: readonly PlannedNode[];
  pods: readonly PlannedPod[];
  services: readonly PlannedService[];
}

export const LAN_GATEWAY = "192.168.6.1";
export const CLIENT_ADDRESS = "192.168.6.10";
export const MAX_NODES = 20;
const SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"; // apimachinery/pkg/util/rand: no vowels, no 0 1 3

export interface PlanOptions {
  name: string;
  nodes: number;
  cni: Cni;
  overlay: Overlay;
}

/** Everything that the lab will consist of, named and addressed before any of it exists. */
export function makePlan(options: PlanOptions): Plan {
  checkName(options.name);
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > MAX_NODES) {
    throw new LabError(`A lab has 1 to ${MAX_NODES} nodes, not ${options.nodes}.`, "Choose another --nodes.");
  }
  const prefix = netnsPrefix(options.name);
  const flannel = options.cni === "flannel";
  const nodes = Array.from({ length: options.nodes }, (_, index): PlannedNode => {
    const block = flannel ? `10.42.${index}.0` : calicoBlock(index);
    return {
      name: `k${index + 1}`,
      netns: `${prefix}k${index + 1}`,
      address: `192.168.6.${141 + index}`,
      mac: randomMac(),
      podCidr: `${block}/${flannel ? 24 : 26}`,
      tunnelAddress: block,
      tunnelMac: randomMac(),
      bridgeMac: randomMac(),
    };
  });
  return {
    lab: options.name,
    marker: randomBytes(12).toString("hex"),
    cni: options.cni,
    overlay: options.overlay,
    createdAt: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
    clusterCidr: flannel ? "10.42.0.0/16" : "10.244.0.0/16",
    serviceCidr: flannel ? "10.43.0.0/16" : "10.96.0.0/12",
    lanNetns: `${prefix}lan`,
    clientNetns: `${prefix}client`,
    nodes,
    pods: planPods(options, nodes, prefix),
    services: planServices(flannel),
  };
}

export function netnsPrefix(lab: string): string {
  return `lasthop-${lab}-`;
}

/** "pod" is refused as a part of a name, so that no namespace of one lab can be read as a pod of another. */
export function checkName(name: string): void {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 24 && !name.split("-").includes("pod")) return;
  throw new LabError(
    `"${name}" cannot name a lab.`,
    'Use up to 24 lower-case letters, digits and single dashes, a letter first, and not "pod" between dashes.',
  );
}

export function findNode(plan: Plan, name: string): PlannedNode {
  const node = plan.nodes.find((candidate) => candidate.name === name);
  if (node) return node;
  throw new LabError(
    `Lab "${plan.lab}" has no node ${name}.`,
    `Its nodes: ${plan.nodes.map((n) => n.name).join(", ")}.`,
  );
}

export function podOf(plan: Plan, app: string): PlannedPod {
  const pod = plan.pods.find((candidate) => candidate.app === app);
  if (!pod) throw new TypeError(`every plan has a pod of ${app}`);
  return pod;
}

export function serviceOf(plan: Plan, name: string): PlannedService {
  const service = plan.services.find((candidate) => candidate.name === name);
  if (!service) throw new TypeError(`every plan has a Service ${name}`);
  return service;
}

function planPods(options: PlanOptions, nodes: readonly PlannedNode[], prefix: string): PlannedPod[] {
  const first = nodes[0] as PlannedNode;
  const second = nodes[1] ?? first;
  const last = nodes.at(-1) as PlannedNode;
  const wanted = [
    { app: "frontend", namespace: "default", serves: "gateway" as const, on: [first] },
    { app: "backend", namespace: "default", serves: "web" as const, on: [second] },
    { app: "web", namespace: "default", serves: "web" as const, on: nodes },
    { app: "dns", namespace: "kube-system", serves: "dns" as const, on: [last] },
  ];
  const used = new Map<string, number>();
  return wanted.flatMap(({ app, namespace, serves, on }) => {
    const template = randomLetters(10);
    return on.map((node): PlannedPod => {
      // The first address is the bridge's (flannel) or the tunnel device's neighbour (calico); pods follow.
      const offset = (used.get(node.name) ?? 1) + 1;
      used.set(node.name, offset);
      const name = `${app}-${template}-${randomLetters(5)}`;
      return {
        name,
        namespace,
        app,
        template,
        serves,
        node: node.name,
        netns: `${prefix}pod-${name}`,
        address: addToAddress(node.tunnelAddress, offset),
        mac: randomMac(),
        hostLink: options.cni === "flannel" ? `veth${randomBytes(4).toString("hex")}` : calicoLink(namespace, name),
        hostMac: options.cni === "flannel" ? randomMac() : "ee:ee:ee:ee:ee:ee",
      };
    });
  });
}

function planServices(flannel: boolean): PlannedService[] {
  const http = { name: "http", protocol: "TCP" as const, port: 80, targetPort: 8080 };
  const service = (name: string, clusterIp: string, nodePort?: number): PlannedService => ({
    name,
    namespace: "default",
    type: nodePort === undefined ? "ClusterIP" : "NodePort",
    clusterIp,
    selector: { app: name },
    ports: [nodePort === undefined ? http : { ...http, nodePort }],
  });
  return [
    service("frontend", flannel ? "10.43.238.112" : "10.101.23.7", 30007),
    service("backend", flannel ? "10.43.0.7" : "10.96.0.7"),
    service("web", flannel ? "10.43.18.19" : "10.108.77.31", 30008),
    {
      name: "kube-dns",
      namespace: "kube-system",
      type: "ClusterIP",
      clusterIp: flannel ? "10.43.0.10" : "10.96.0.10",
      selector: { "k8s-app": "kube-dns" },
      ports: [
        { name: "dns", protocol: "UDP", port: 53, targetPort: 53 },
        { name: "dns-tcp", protocol: "TCP", port: 53, targetPort: 53 },
      ],
    },
  ];
}

/** Blocks lie scattered over the pool, as Calico's IPAM hands them out: it starts at a hash of the host's name. */
function calicoBlock(index: number): string {
  return `10.244.${(166 + index * 194) % 256}.${[128, 0, 64, 192][index % 4]}`;
}

/** Calico's CNI plugin: "cali" and 11 digits of SHA-1 over namespace.pod (libcalico, VethNameForWorkload). */
function calicoLink(namespace: string, pod: string): string {
  return `cali${createHash("sha1").update(`${namespace}.${pod}`).digest("hex").slice(0, 11)}`;
}

function addToAddress(address: string, offset: number): string {
  const parts = address.split(".").map(Number);
  return [...parts.slice(0, 3), (parts[3] as number) + offset].join(".");
}

function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = ((bytes[0] as number) & 0xfc) | 0x02; // unicast, locally administered
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function randomLetters(length: number): string {
  return Array.from({ length }, () => SAFE_LETTERS[randomInt(SAFE_LETTERS.length)]).join("");
}
