import { rmSync, writeFileSync } from "node:fs";
import { getObject, patchObject } from "../api-client.ts";
import { stoppedProxyPath } from "../paths.ts";
import { podOf } from "../plan.ts";
import { defineFault, type FaultLab } from "./fault-type.ts";
import { type Readdressed, giveAddress, spareAddress } from "./new-address.ts";
import { always, frontendNode } from "./serving-nodes.ts";

/** The other nodes' kube-proxies have followed the pod to its new address. */
export const kubeproxyStaleEndpoint = defineFault<Readdressed>({
  id: "kubeproxy-stale-endpoint",
  summary: {
    en: "kube-proxy on a node hangs since before the backend's sandbox was made anew, with another address",
    zh: "节点上的 kube-proxy 卡住之后，backend 的沙箱重建过，换了地址",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: always,
  before: async ({ plan }) => ({
    from: podOf(plan, "backend").address,
    to: spareAddress(plan, podOf(plan, "backend")),
  }),
  inject: async (lab, node, { from, to }) => {
    writeFileSync(stoppedProxyPath(lab.plan.lab, node.name), "");
    await giveAddress(lab, podOf(lab.plan, "backend"), from, to);
  },
  heal: async (lab, node, { from, to }) => {
    rmSync(stoppedProxyPath(lab.plan.lab, node.name), { force: true });
    await giveAddress(lab, podOf(lab.plan, "backend"), to, from);
    await touch(lab);
  },
});

/** Every change lets all kube-proxies look at what they missed, also one that leaves an object as it is. */
async function touch({ api, plan }: FaultLab): Promise<void> {
  const backend = podOf(plan, "backend");
  const path = `/api/v1/namespaces/${backend.namespace}/pods/${backend.name}`;
  const { status } = await getObject<{ status: object }>(api, path);
  await patchObject(api, `${path}/status`, [{ op: "replace", path: "/status", value: status }]);
}
