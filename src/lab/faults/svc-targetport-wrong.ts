import { getObject, patchObject } from "../api-client.ts";
import { defineFault } from "./fault-type.ts";
import { always, backendNode } from "./serving-nodes.ts";

const SERVICE = "/api/v1/namespaces/default/services/backend";
/** As after a release that moved the server to another port, or a slip of the hand. */
const WRONG = 8081;

interface ServiceObject {
  spec: { ports: { targetPort: number | string }[] };
}

export const svcTargetportWrong = defineFault({
  id: "svc-targetport-wrong",
  summary: {
    en: "the Service backend leads to a port of its pods that nothing listens on",
    zh: "Service backend 指向了 Pod 上一个无人监听的端口",
  },
  needsNode: false,
  defaultNode: backendNode,
  appliesTo: always,
  before: async (lab) => (await getObject<ServiceObject>(lab.api, SERVICE)).spec.ports[0]?.targetPort ?? null,
  inject: (lab) => setTargetPort(lab.api, WRONG),
  heal: (lab, _node, before) => setTargetPort(lab.api, before),
});

function setTargetPort(api: Parameters<typeof patchObject>[0], value: number | string | null): Promise<void> {
  return patchObject(api, SERVICE, [{ op: "replace", path: "/spec/ports/0/targetPort", value }]);
}
