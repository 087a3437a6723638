import type { Lab } from "./lab.ts";
import { podOf } from "./plan.ts";

/** What `lab list` and the end of `lab up` say in each language. */
const WORDS = {
  en: {
    half: (name: string, flag: string) => `${name}: half built; remove it: lasthop lab down${flag}`,
    lab: (parts: readonly string[], count: number, nodes: readonly string[]) =>
      `${parts.join(", ")}, ${count} nodes (${nodes.join(", ")})`,
    seed: (seed: number) => `seed ${seed}`,
    fault: (id: string, node: string | null, at: string) => `${id}${node === null ? "" : ` on ${node}`}, since ${at}`,
    none: "none",
    gateway: "gateway, then backend",
    onEvery: "one pod on every node",
    pods: (count: number) => `${count} pods`,
    on: (app: string, nodes: readonly string[]) => `${app} on ${nodes.join(", ")}`,
    and: "; ",
    labels: { url: "url", inventory: "inventory", pods: "pods", faults: "faults", try: "try", next: "and then" },
  },
  zh: {
    half: (name: string, flag: string) => `${name}：只建了一半；请拆掉它：lasthop lab down${flag}`,
    lab: (parts: readonly string[], count: number, nodes: readonly string[]) =>
      `${parts.join("，")}，${count} 个节点（${nodes.join("，")}）`,
    seed: (seed: number) => `seed ${seed}`,
    fault: (id: string, node: string | null, at: string) =>
      `${node === null ? "" : `节点 ${node} 上的 `}${id}，始于 ${at}`,
    none: "无",
    gateway: "先到网关，再到 backend",
    onEvery: "每个节点一个 Pod",
    pods: (count: number) => `${count} 个 Pod`,
    on: (app: string, nodes: readonly string[]) => `${app} 在 ${nodes.join("、")}`,
    and: "；",
    labels: { url: "URL", inventory: "inventory", pods: "Pod", faults: "故障", try: "试试", next: "然后" },
  },
} as const;

/** A lab for `lab list` and for the end of `lab up`. */
export function labText(lab: Lab, language: keyof typeof WORDS): string {
  const say = WORDS[language];
  const { labels } = say;
  const name = lab.name === "lab" ? "" : ` --name ${lab.name}`;
  if (!lab.complete) return say.half(lab.name, name);
  const faults = lab.faults.map(({ id, node, at }) => say.fault(id, node, at));
  const head = [`${lab.name}: ${lab.cni}`, lab.overlay, ...(lab.seed === null ? [] : [say.seed(lab.seed)])];
  const nodes = lab.nodes.map((node) => `${node.name} ${node.address}`);
  const row = (label: string, text: string): string =>
    `  ${label}${" ".repeat(Math.max(1, 12 - columnsOf(label)))}${text}`;
  return [
    say.lab(head, lab.nodes.length, nodes),
    row(labels.url, `${lab.url}  (${say.gateway})   ${lab.webUrl}  (${webText(lab, language)})`),
    row("KUBECONFIG", lab.kubeconfig),
    row(labels.inventory, lab.inventory),
    ...(lab.seed === null ? [] : [row(labels.pods, placementText(lab, language))]),
    row(labels.faults, faults.join(say.and) || say.none),
    row(labels.try, `lasthop lab exec client${name} -- curl -sS ${lab.url}`),
    row(
      "",
      `lasthop lab fault suspend-resume --node ${podOf(lab, "backend").node}${name}   ${labels.next} lasthop lab heal${name}`,
    ),
    row("", `kubectl --kubeconfig ${lab.kubeconfig} get pods -A -o wide`),
  ].join("\n");
}

/** A Chinese character takes two columns of a terminal. */
function columnsOf(label: string): number {
  return [...label].reduce((sum, char) => sum + (char > "\u2e7f" ? 2 : 1), 0);
}

function webText(lab: Lab, language: keyof typeof WORDS): string {
  const on = nodesOf(lab, "web");
  const isOnEvery = on.length === lab.nodes.length && new Set(on).size === on.length;
  return isOnEvery ? WORDS[language].onEvery : WORDS[language].pods(on.length);
}

/** `frontend on worker-3; web on worker-3, worker-9` */
function placementText(lab: Lab, language: keyof typeof WORDS): string {
  const say = WORDS[language];
  const apps = [...new Set(lab.pods.map((pod) => pod.app))];
  return apps.map((app) => say.on(app, nodesOf(lab, app))).join(say.and);
}

function nodesOf(lab: Lab, app: string): string[] {
  return lab.pods.filter((pod) => pod.app === app).map((pod) => pod.node);
}
