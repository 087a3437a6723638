import { type ApiObject, getObject, patchObject } from "../api-client.ts";
import { defineFault } from "./fault-type.ts";
import { always, backendNode } from "./serving-nodes.ts";

const SERVICE = "/api/v1/namespaces/default/services/backend";
/** A label that no pod has: as after a release that renamed the pods' label and forgot the Service. */
const WRONG = { app: "backend-v2" };

export const svcSelectorMismatch = defineFault({
  id: "svc-selector-mismatch",
  summary: {
    en: "the Service backend selects a label that no pod has",
    zh: "Service backend 的 selector 选了一个没有任何 Pod 带的标签",
  },
  needsNode: false,
  defaultNode: backendNode,
  appliesTo: always,
  before: async (lab) => selectorOf(await getObject(lab.api, SERVICE)),
  inject: (lab) => setSelector(lab.api, WRONG),
  heal: (lab, _node, before) => setSelector(lab.api, before),
});

function selectorOf(service: ApiObject): Record<string, string> {
  return (service.spec as { selector?: Record<string, string> }).selector ?? {};
}

/** A JSON patch, since a merge would leave keys that only one of the two selectors has. */
function setSelector(api: Parameters<typeof patchObject>[0], selector: Record<string, string>): Promise<void> {
  return patchObject(api, SERVICE, [{ op: "add", path: "/spec/selector", value: selector }]);
}
