import { getObject, patchObject } from "../api-client.ts";
import { defineFault } from "./fault-type.ts";
import { betweenNodes, frontendNode } from "./serving-nodes.ts";

const SERVICE = "/api/v1/namespaces/default/services/frontend";
const PATH = "/spec/externalTrafficPolicy";

interface ServiceObject {
  spec: { externalTrafficPolicy?: string };
}

/** Chosen to keep clients' addresses; the price is that a node without an endpoint drops what it is asked. */
export const externalTrafficPolicyLocal = defineFault({
  id: "externaltrafficpolicy-local-without-endpoint",
  summary: {
    en: "externalTrafficPolicy of the Service frontend is Local: its node port is dead on nodes without its pod",
    zh: "Service frontend 的 externalTrafficPolicy 是 Local：没有它的 Pod 的节点上，NodePort 不通",
  },
  needsNode: false,
  defaultNode: frontendNode,
  appliesTo: betweenNodes,
  before: async (lab) => (await getObject<ServiceObject>(lab.api, SERVICE)).spec.externalTrafficPolicy ?? "Cluster",
  inject: (lab) => patchObject(lab.api, SERVICE, [{ op: "replace", path: PATH, value: "Local" }]),
  heal: (lab, _node, before) => patchObject(lab.api, SERVICE, [{ op: "replace", path: PATH, value: before }]),
});
