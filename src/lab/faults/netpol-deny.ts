import { createObject, deleteObject } from "../api-client.ts";
import { defineFault } from "./fault-type.ts";
import { always, backendNode } from "./serving-nodes.ts";

const COLLECTION = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
const NAME = "backend-only-from-web";

/** No fault of the network: it does what somebody has declared, and forgot the gateway. */
export const netpolDeny = defineFault({
  id: "netpol-deny",
  summary: {
    en: "a NetworkPolicy lets only the pods of web reach the backend, and not the gateway",
    zh: "一条 NetworkPolicy 只允许 web 的 Pod 访问 backend，漏掉了网关",
  },
  needsNode: false,
  defaultNode: backendNode,
  appliesTo: always,
  before: async () => null,
  inject: (lab) =>
    createObject(lab.api, COLLECTION, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: NAME },
      spec: {
        podSelector: { matchLabels: { app: "backend" } },
        policyTypes: ["Ingress"],
        ingress: [
          { from: [{ podSelector: { matchLabels: { app: "web" } } }], ports: [{ protocol: "TCP", port: "http" }] },
        ],
      },
    }),
  heal: (lab) => deleteObject(lab.api, `${COLLECTION}/${NAME}`),
});
