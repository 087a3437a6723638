import { createHash, randomBytes } from "node:crypto";
import { type Chance, drawHex, drawLetters, drawMac, machineChance, seededChance } from "./chance.ts";
import { LabError } from "./lab-error.ts";
import { type App, type Blocks, drawNodeCount, drawPlacement, type Placement, usualPlacement } from "./placement.ts";

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
  /** What the placement and all names were drawn from; null: placed as documented, and named by chance. */
  seed: number | null;
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
/** A node's block has 62 addresses for pods at least (Calico's /26). */
export const MAX_WEB_PODS = 40;

export const USUAL_NODES = 3;
const MAX_SEED = 1e9;

export interface PlanOptions {
  name: string;
  /** Without it a lab has three nodes, or as many as its seed draws. */
  nodes?: number | undefined;
  /** How many pods of web; without it one on every node, or as many as the seed draws. */
  web?: number | undefined;
  cni: Cni;
  overlay: Overlay;
  /** Draws the placement; without it, it is the documented one. */
  seed?: number | undefined;
}

/** Everything that the lab will consist of, named and addressed before any of it exists. */
export function makePlan(options: PlanOptions): Plan {
  checkName(options.name);
  checkNumber("seed", options.seed ?? 0, 0, MAX_SEED);
  const { seed = null } = options;
  const chance = seed === null ? machineChance() : seededChance(seed);
  const drawnCount = seed === null ? USUAL_NODES : drawNodeCount(chance);
  const count = options.nodes ?? drawnCount;
  checkNumber("nodes", count, 1, MAX_NODES);
  checkNumber("web", options.web ?? 1, 1, MAX_WEB_PODS);
  const flannel = options.cni === "flannel";
  const blocks = flannel ? FLANNEL_BLOCKS : CALICO_BLOCKS;
  const placement =
    seed === null ? usualPlacement(count, blocks, options.web) : drawPlacement(chance, count, blocks, options.web);
  const prefix = netnsPrefix(options.name);
  const nodes = placement.nodes.map(({ name, host, block }, index): PlannedNode => {
    const first = flannel ? flannelBlock(block) : calicoBlock(block);
    return {
      name,
      netns: `${prefix}k${index + 1}`,
      address: `192.168.6.${host}`,
      mac: drawMac(chance),
      podCidr: `${first}/${flannel ? 24 : 26}`,
      tunnelAddress: first,
      tunnelMac: drawMac(chance),
      bridgeMac: drawMac(chance),
    };
  });
  return {
    lab: options.name,
    marker: randomBytes(12).toString("hex"),
    cni: options.cni,
    overlay: options.overlay,
    seed,
    createdAt: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
    clusterCidr: flannel ? "10.42.0.0/16" : "10.244.0.0/16",
    serviceCidr: flannel ? "10.43.0.0/16" : "10.96.0.0/12",
    lanNetns: `${prefix}lan`,
    clientNetns: `${prefix}client`,
    nodes,
    pods: planPods(placement, nodes, prefix, flannel, chance),
    services: planServices(flannel),
  };
}

function checkNumber(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new LabError(
    {
      en: `--${option} is ${least} to ${most}, not ${value}.`,
      zh: `--${option} 的取值是 ${least} 到 ${most}，不能是 ${value}。`,
    },
    { en: `Choose another --${option}.`, zh: `请换一个 --${option}。` },
  );
}

export function netnsPrefix(lab: string): string {
  return `lasthop-${lab}-`;
}

/** "pod" is refused as a part of a name, so that no namespace of one lab can be read as a pod of another. */
export function checkName(name: string): void {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 24 && !name.split("-").includes("pod")) return;
  throw new LabError(
    { en: `"${name}" cannot name a lab.`, zh: `“${name}”不能作为实验环境的名字。` },
    {
      en: 'Use up to 24 lower-case letters, digits and single dashes, a letter first, and not "pod" between dashes.',
      zh: "最多 24 个小写字母、数字和单个连字符，字母开头，连字符之间不能是 pod。",
    },
  );
}

export function findNode(plan: Plan, name: string): PlannedNode {
  const node = plan.nodes.find((candidate) => candidate.name === name);
  if (node) return node;
  throw new LabError(
    { en: `Lab "${plan.lab}" has no node ${name}.`, zh: `实验环境“${plan.lab}”没有节点 ${name}。` },
    {
      en: `Its nodes: ${plan.nodes.map((n) => n.name).join(", ")}.`,
      zh: `它的节点：${plan.nodes.map((n) => n.name).join("、")}。`,
    },
  );
}

export function podOf(plan: Pick<Plan, "pods">, app: string): PlannedPod {
  const pod = plan.pods.find((candidate) => candidate.app === app);
  if (!pod) throw new TypeError(`every plan has a pod of ${app}`);
  return pod;
}

export function serviceOf(plan: Plan, name: string): PlannedService {
  const service = plan.services.find((candidate) => candidate.name === name);
  if (!service) throw new TypeError(`every plan has a Service ${name}`);
  return service;
}

const SERVES = {
  frontend: "gateway",
  backend: "web",
  web: "web",
  dns: "dns",
} as const satisfies Record<App, PlannedPod["serves"]>;

function planPods(
  placement: Placement,
  nodes: readonly PlannedNode[],
  prefix: string,
  flannel: boolean,
  chance: Chance,
): PlannedPod[] {
  const templates = new Map<App, string>();
  return placement.pods.map(({ app, on, offset }): PlannedPod => {
    const node = nodes[on] as PlannedNode;
    const template = templates.get(app) ?? drawLetters(chance, 10);
    templates.set(app, template);
    const namespace = app === "dns" ? "kube-system" : "default";
    const name = `${app}-${template}-${drawLetters(chance, 5)}`;
    return {
      name,
      namespace,
      app,
      template,
      serves: SERVES[app],
      node: node.name,
      netns: `${prefix}pod-${name}`,
      address: addToAddress(node.tunnelAddress, offset),
      mac: drawMac(chance),
      hostLink: flannel ? `veth${drawHex(chance, 4)}` : calicoLink(namespace, name),
      hostMac: flannel ? drawMac(chance) : "ee:ee:ee:ee:ee:ee",
    };
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

const FLANNEL_BLOCKS: Blocks = { count: 256, addresses: 256, usual: (index) => index };

/** Blocks lie scattered over the pool, as Calico's IPAM hands them out: it starts at a hash of the host's name. */
const CALICO_BLOCKS: Blocks = {
  count: 1024,
  addresses: 64,
  usual: (index) => ((166 + index * 194) % 256) * 4 + ([2, 0, 1, 3][index % 4] as number),
};

function flannelBlock(block: number): string {
  return `10.42.${block}.0`;
}

function calicoBlock(block: number): string {
  return `10.244.${block >> 2}.${(block & 3) * 64}`;
}

/** Calico's CNI plugin: "cali" and 11 digits of SHA-1 over namespace.pod (libcalico, VethNameForWorkload). */
function calicoLink(namespace: string, pod: string): string {
  return `cali${createHash("sha1").update(`${namespace}.${pod}`).digest("hex").slice(0, 11)}`;
}

function addToAddress(address: string, offset: number): string {
  const parts = address.split(".").map(Number);
  return [...parts.slice(0, 3), (parts[3] as number) + offset].join(".");
}
