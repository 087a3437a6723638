import { stringify } from "yaml";
import type { Plan } from "./plan.ts";

export interface ApiAccess {
  url: string;
  ca: string;
  token: string;
}

export function kubeconfigText(lab: string, api: ApiAccess): string {
  const name = `lasthop-${lab}`;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name, cluster: { server: api.url, "certificate-authority-data": Buffer.from(api.ca).toString("base64") } },
    ],
    users: [{ name, user: { token: api.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: "default" } }],
    "current-context": name,
  });
}

/** How the product reaches the machines of the lab; `here` is its vantage outside the cluster. */
export function inventoryText(plan: Plan): string {
  return stringify({
    nodes: Object.fromEntries(plan.nodes.map((node) => [node.name, { netns: node.netns }])),
    here: { netns: plan.clientNetns },
  });
}
