import type { Lab } from "./lab.ts";
import { podOf } from "./plan.ts";

/** A lab for `lab list` and for the end of `lab up`. */
export function labText(lab: Lab): string {
  const name = lab.name === "lab" ? "" : ` --name ${lab.name}`;
  if (!lab.complete) return `${lab.name}: half built; remove it: lasthop lab down${name}`;
  const faults = lab.faults.map((fault) => `${fault.id}${fault.node ? ` on ${fault.node}` : ""}, since ${fault.at}`);
  const seed = lab.seed === null ? "" : `seed ${lab.seed}, `;
  return [
    `${lab.name}: ${lab.cni}, ${lab.overlay}, ${seed}${lab.nodes.length} nodes (${lab.nodes.map((node) => `${node.name} ${node.address}`).join(", ")})`,
    `  url         ${lab.url}  (gateway, then backend)   ${lab.webUrl}  (${webText(lab)})`,
    `  KUBECONFIG  ${lab.kubeconfig}`,
    `  inventory   ${lab.inventory}`,
    ...(lab.seed === null ? [] : [`  pods        ${placementText(lab)}`]),
    `  faults      ${faults.join("; ") || "none"}`,
    `  try         lasthop lab exec client${name} -- curl -sS ${lab.url}`,
    `              lasthop lab fault suspend-resume --node ${podOf(lab, "backend").node}${name}   and then lasthop lab heal${name}`,
    `              kubectl --kubeconfig ${lab.kubeconfig} get pods -A -o wide`,
  ].join("\n");
}

function webText(lab: Lab): string {
  const on = nodesOf(lab, "web");
  const isOnEvery = on.length === lab.nodes.length && new Set(on).size === on.length;
  return isOnEvery ? "one pod on every node" : `${on.length} pods`;
}

/** `frontend on worker-3; web on worker-3, worker-9` */
function placementText(lab: Lab): string {
  const apps = [...new Set(lab.pods.map((pod) => pod.app))];
  return apps.map((app) => `${app} on ${nodesOf(lab, app).join(", ")}`).join("; ");
}

function nodesOf(lab: Lab, app: string): string[] {
  return lab.pods.filter((pod) => pod.app === app).map((pod) => pod.node);
}
