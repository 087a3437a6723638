import type { Lab } from "./lab.ts";

/** A lab for `lab list` and for the end of `lab up`. */
export function labText(lab: Lab): string {
  const name = lab.name === "lab" ? "" : ` --name ${lab.name}`;
  if (!lab.complete) return `${lab.name}: half built; remove it: lasthop lab down${name}`;
  const faults = lab.faults.map((fault) => `${fault.id}${fault.node ? ` on ${fault.node}` : ""}, since ${fault.at}`);
  return [
    `${lab.name}: ${lab.cni}, ${lab.overlay}, ${lab.nodes.length} nodes (${lab.nodes.map((node) => `${node.name} ${node.address}`).join(", ")})`,
    `  url         ${lab.url}  (gateway, then backend)   ${lab.webUrl}  (one pod on every node)`,
    `  KUBECONFIG  ${lab.kubeconfig}`,
    `  inventory   ${lab.inventory}`,
    `  faults      ${faults.join("; ") || "none"}`,
    `  try         lasthop lab exec client${name} -- curl -sS ${lab.url}`,
    `              lasthop lab fault suspend-resume --node ${lab.nodes[1]?.name ?? "k1"}${name}   and then lasthop lab heal${name}`,
    `              kubectl --kubeconfig ${lab.kubeconfig} get pods -A -o wide`,
  ].join("\n");
}
