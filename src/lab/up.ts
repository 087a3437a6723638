import { randomBytes } from "node:crypto";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificate } from "./certificate.ts";
import { labDown } from "./down.ts";
import { writeEtcFile } from "./etc.ts";
import { inventoryText, kubeconfigText } from "./kubeconfig.ts";
import { describeLab, type Lab } from "./lab.ts";
import { LabError, LabInterrupted, type Said } from "./lab-error.ts";
import { plannedNetns, runIn } from "./netns.ts";
import { LABS_DIRECTORY, labPaths } from "./paths.ts";
import { type Cni, makePlan, type Overlay, type Plan } from "./plan.ts";
import { checkMachine } from "./preflight.ts";
import { isAlive, processId } from "./processes.ts";
import { baseRules } from "./rules/base-rules.ts";
import { iptablesRestore } from "./rules/iptables-tool.ts";
import { buildMarker, run } from "./run.ts";
import { findServerBundle, startPod, startServer } from "./servers.ts";
import { type LabState, type ProcessId, readState, writeState } from "./state.ts";
import { sysctlFile } from "./wiring/lan.ts";
import { wireLan, wireNode, wirePods } from "./wiring/wire.ts";

export interface LabUpOptions {
  name?: string;
  /** Three, or as many as the seed draws. */
  nodes?: number | undefined;
  /** One on every node, or as many as the seed draws. */
  web?: number | undefined;
  cni?: Cni;
  overlay?: Overlay;
  /** Draws nodes and placement; without it they are as documented. */
  seed?: number | undefined;
  /** Told of each stage as it begins. */
  onProgress?: (line: Said) => void;
  /** When it fires, what was built is taken down again, and labUp fails with LabInterrupted. */
  signal?: AbortSignal;
  /** Path of lab-server.js, where it is not beside the running bundle (tests run from the sources). */
  serverBundle?: string;
}

/** Builds a cluster in network namespaces; on any failure nothing of it is left. */
export async function labUp(options: LabUpOptions = {}): Promise<Lab> {
  const { name = "lab", nodes, web, cni = "flannel", overlay = "vxlan", seed, onProgress = () => {}, signal } = options;
  const plan = makePlan({ name, nodes, web, cni, overlay, seed });
  const bundle = options.serverBundle ?? findServerBundle();
  await checkMachine(plan);
  await claimName(plan, bundle, onProgress);
  const stage = (line: Said): void => {
    if (signal?.aborted) throw new LabInterrupted(name);
    onProgress(line);
  };
  try {
    return await buildMarker.run(plan.marker, () => build(plan, bundle, stage));
  } catch (error) {
    await labDown(name);
    throw signal?.aborted ? new LabInterrupted(name) : error;
  }
}

/** Making the directory is the lock: of two that make it, one fails. All names are in it before anything exists. */
async function claimName(plan: Plan, bundle: string, onProgress: (line: Said) => void): Promise<void> {
  const paths = labPaths(plan.lab);
  mkdirSync(LABS_DIRECTORY, { recursive: true });
  if (isAbandoned(plan.lab)) {
    onProgress({ en: `removing a half-built lab "${plan.lab}"`, zh: `正在清除只建了一半的实验环境“${plan.lab}”` });
    await labDown(plan.lab);
    mkdirSync(LABS_DIRECTORY, { recursive: true });
  }
  try {
    mkdirSync(paths.directory, { mode: 0o700 });
  } catch (cause) {
    throw new LabError(
      { en: `There is a lab "${plan.lab}" already.`, zh: `已经有实验环境“${plan.lab}”了。` },
      {
        en: `Remove it: lasthop lab down --name ${plan.lab}, or choose another --name.`,
        zh: `请拆掉它：lasthop lab down --name ${plan.lab}，或者换一个 --name。`,
      },
      { cause },
    );
  }
  const builder = processId(process.pid) as ProcessId;
  writeState({ plan, status: "building", builder, bundle, api: null, faults: [] });
}

/** Half built, and nobody is building it. One without a state may be a moment old: its builder is about to write it. */
function isAbandoned(lab: string): boolean {
  const found = statSync(labPaths(lab).directory, { throwIfNoEntry: false });
  if (!found) return false;
  const state = readState(lab);
  if (!state) return Date.now() - found.mtimeMs > 5000;
  return state.status === "building" && !isAlive(state.builder);
}

async function build(plan: Plan, bundle: string, stage: (line: Said) => void): Promise<Lab> {
  const paths = labPaths(plan.lab);
  mkdirSync(paths.logs);
  stage({
    en: `namespaces: ${plan.nodes.length} nodes, ${plan.pods.length} pods, a LAN, a client outside`,
    zh: `namespace：${plan.nodes.length} 个节点，${plan.pods.length} 个 Pod，一个局域网，一个集群外的客户端`,
  });
  writeEtcFiles(plan);
  await Promise.all(plannedNetns(plan).map((netns) => run(["ip", "netns", "add", netns])));
  stage({ en: `network: ${plan.cni}, ${plan.overlay}`, zh: `网络：${plan.cni}，${plan.overlay}` });
  await wireLan(plan);
  await Promise.all(plan.nodes.map((node) => wireNode(plan, node)));
  await wirePods(plan);
  stage({ en: "rules: kube-proxy and the CNI on every node", zh: "规则：每个节点上的 kube-proxy 和 CNI" });
  const restore = await iptablesRestore();
  await Promise.all(plan.nodes.map((node) => runIn(node.netns, restore, baseRules(plan, node))));
  stage({ en: "servers: one in every pod, and the Kubernetes API", zh: "服务：每个 Pod 一个，外加 Kubernetes API" });
  const { certificate, key } = makeCertificate(`lasthop-lab-${plan.lab}`);
  const token = randomBytes(24).toString("hex");
  const apiConfig = { serve: "api" as const, plan, certificate, key, token };
  const [api] = await Promise.all([
    startServer(plan, apiConfig, join(paths.logs, "api.log"), bundle, null),
    ...plan.pods.map((pod) => startPod(plan, pod, bundle)),
  ]);
  const access = { url: `https://127.0.0.1:${api.said.port}`, ca: certificate, token };
  writeFileSync(paths.kubeconfig, kubeconfigText(plan.lab, access), { mode: 0o600 });
  writeFileSync(paths.inventory, inventoryText(plan), { mode: 0o600 });
  const builder = processId(process.pid) as ProcessId;
  const state: LabState = {
    plan,
    status: "up",
    builder,
    bundle,
    api: { ...(processId(api.pid) as ProcessId), ...access },
    faults: [],
  };
  stage({ en: "every pod answers", zh: "每个 Pod 都有应答" });
  writeState(state);
  return describeLab(state);
}

/** Each node has an /etc/sysctl.d of its own, and each pod a resolv.conf. */
function writeEtcFiles(plan: Plan): void {
  for (const node of plan.nodes) {
    writeEtcFile(node.netns, "sysctl.d/99-kubernetes.conf", sysctlFile());
  }
  const dns = plan.services.find((service) => service.name === "kube-dns");
  for (const pod of plan.pods) {
    const search = `${pod.namespace}.svc.cluster.local svc.cluster.local cluster.local`;
    writeEtcFile(pod.netns, "resolv.conf", `search ${search}\nnameserver ${dns?.clusterIp}\noptions ndots:5\n`);
  }
}
