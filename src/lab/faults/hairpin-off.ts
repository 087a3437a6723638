import { runIn } from "../netns.ts";
import type { Plan, PlannedNode } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode, onBridge, servingPod } from "./serving-nodes.ts";

export const hairpinOff = defineFault({
  id: "hairpin-off",
  summary: {
    en: "hairpin is off on the serving pod's bridge port: the pod does not reach itself through its Service",
    zh: "提供服务的 Pod 的网桥端口关闭了 hairpin：Pod 经由 Service 访问不到自己",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: onBridge,
  before: async ({ plan }, node) => {
    const text = await runIn(node.netns, ["bridge", "-d", "link", "show", "dev", servingPod(plan, node).hostLink]);
    return / hairpin on /.test(text) ? "on" : "off";
  },
  inject: ({ plan }, node) => setHairpin(plan, node, "off"),
  heal: ({ plan }, node, before) => setHairpin(plan, node, before),
});

async function setHairpin(plan: Plan, node: PlannedNode, value: "on" | "off"): Promise<void> {
  await runIn(node.netns, ["bridge", "link", "set", "dev", servingPod(plan, node).hostLink, "hairpin", value]);
}
