import type { ApiAccess } from "../kubeconfig.ts";
import type { Said } from "../lab-error.ts";
import type { Plan, PlannedNode } from "../plan.ts";

/** What a fault gets to work on. */
export interface FaultLab {
  plan: Plan;
  api: ApiAccess;
  /** Path of lab-server.js, for what has to be started anew. */
  bundle: string;
}

/**
 * One way to break a lab. `before` reads what is there and changes nothing; its answer is on disk before `inject` runs,
 * so that `heal` can put it back even after a crash. `heal` restores exactly that, whatever was repaired in between.
 */
export interface Fault<Before = unknown> {
  id: string;
  /** What is broken, for `lab fault`. */
  summary: Said;
  needsNode: boolean;
  /** The node to break where the user names none: one that the URL's traffic crosses. */
  defaultNode(plan: Plan): PlannedNode;
  /** Null, or why this lab cannot have the fault. */
  appliesTo(plan: Plan, node: PlannedNode): Said | null;
  before(lab: FaultLab, node: PlannedNode): Promise<Before>;
  inject(lab: FaultLab, node: PlannedNode, before: Before): Promise<void>;
  heal(lab: FaultLab, node: PlannedNode, before: Before): Promise<void>;
}

/** Keeps the type of a fault's own record inside its file: outside it is opaque. */
export function defineFault<Before>(fault: Fault<Before>): Fault {
  return fault as unknown as Fault;
}
