import { getObject, patchObject } from "../api-client.ts";
import type { Plan } from "../plan.ts";
import { defineFault, type FaultLab } from "./fault-type.ts";
import { always, backendNode } from "./serving-nodes.ts";

interface PodStatus {
  conditions: { type: string; status: string }[];
  containerStatuses: { ready: boolean }[];
}

/** What a kubelet reports once readiness probes have failed: the pods run, and no Service may use them. */
export const svcNoReadyEndpoints = defineFault({
  id: "svc-no-ready-endpoints",
  summary: {
    en: "the readiness probes of all pods behind the Service backend fail",
    zh: "Service backend 后面所有 Pod 的就绪探针都失败了",
  },
  needsNode: false,
  defaultNode: backendNode,
  appliesTo: always,
  before: (lab) =>
    Promise.all(backendPods(lab.plan).map(async (path) => ({ path, status: await statusOf(lab, path) }))),
  inject: async (lab, _node, before) => {
    for (const { path, status } of before) await setStatus(lab, path, unready(status));
  },
  heal: async (lab, _node, before) => {
    for (const { path, status } of before) await setStatus(lab, path, status);
  },
});

function backendPods(plan: Plan): string[] {
  const pods = plan.pods.filter((pod) => pod.app === "backend");
  return pods.map((pod) => `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`);
}

async function statusOf({ api }: FaultLab, path: string): Promise<PodStatus> {
  return (await getObject<{ status: PodStatus }>(api, path)).status;
}

function setStatus({ api }: FaultLab, path: string, value: PodStatus): Promise<void> {
  return patchObject(api, `${path}/status`, [{ op: "replace", path: "/status", value }]);
}

function unready(status: PodStatus): PodStatus {
  const fails = ["Ready", "ContainersReady"];
  return {
    ...status,
    conditions: status.conditions.map((one) => (fails.includes(one.type) ? { ...one, status: "False" } : one)),
    containerStatuses: status.containerStatuses.map((one) => ({ ...one, ready: false })),
  };
}
