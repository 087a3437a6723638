import { spawn } from "node:child_process";
import { LabError } from "./lab-error.ts";
import { inNetns } from "./netns.ts";
import type { Plan } from "./plan.ts";
import { requireLab } from "./state.ts";

/** Runs a command on a node, the client, the LAN or in a pod, with this terminal; returns its exit status. */
export function labExec(lab: string, place: string, argv: readonly string[]): Promise<number> {
  const { plan } = requireLab(lab);
  const [program, ...args] = inNetns(netnsOfPlace(plan, place), argv);
  return new Promise((resolve, reject) => {
    const child = spawn(program as string, args, { stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal ? 130 : 1)));
  });
}

export function netnsOfPlace(plan: Plan, place: string): string {
  if (place === "client") return plan.clientNetns;
  if (place === "lan") return plan.lanNetns;
  const node = plan.nodes.find((candidate) => candidate.name === place);
  if (node) return node.netns;
  const [pod, namespaceOrName = "", rest] = place.split("/");
  const [namespace, name] = rest === undefined ? ["default", namespaceOrName] : [namespaceOrName, rest];
  const matches = plan.pods.filter(
    (candidate) => candidate.namespace === namespace && (candidate.name === name || candidate.app === name),
  );
  if (pod === "pod" && matches[0]) return matches[0].netns;
  const places = ["client", "lan", ...plan.nodes.map((one) => one.name)];
  const pods = plan.pods.map((one) => `pod/${one.namespace}/${one.name}`);
  throw new LabError(
    { en: `There is no ${place} in lab "${plan.lab}".`, zh: `实验环境“${plan.lab}”里没有 ${place}。` },
    { en: `Choose one of: ${[...places, ...pods].join(" ")}`, zh: `可选的有：${[...places, ...pods].join(" ")}` },
  );
}
