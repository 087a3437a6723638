import type { Plan, PlannedNode } from "../plan.ts";
import { calicoWiring } from "./calico.ts";
import { flannelWiring } from "./flannel.ts";
import type { NodeWiring } from "./overlay.ts";

export function nodeWiring(plan: Plan, node: PlannedNode): NodeWiring {
  return plan.cni === "flannel" ? flannelWiring(plan, node) : calicoWiring(plan, node);
}
