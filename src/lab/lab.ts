import { labPaths } from "./paths.ts";
import type { Cni, Overlay, PlannedNode, PlannedPod } from "./plan.ts";
import type { ActiveFault, LabState } from "./state.ts";

/** A lab as its user sees it. */
export interface Lab {
  name: string;
  cni: Cni;
  overlay: Overlay;
  seed: number | null;
  /** False for what a crash left half built. */
  complete: boolean;
  /** The gateway's NodePort on the first node: the URL to try. */
  url: string;
  /** The NodePort of a Service with one pod on every node. */
  webUrl: string;
  apiUrl: string | null;
  kubeconfig: string;
  inventory: string;
  directory: string;
  clientNetns: string;
  nodes: readonly PlannedNode[];
  pods: readonly PlannedPod[];
  faults: readonly Omit<ActiveFault, "before">[];
}

export function describeLab(state: LabState): Lab {
  const { plan } = state;
  const paths = labPaths(plan.lab);
  const first = plan.nodes[0]?.address;
  return {
    name: plan.lab,
    cni: plan.cni,
    overlay: plan.overlay,
    seed: plan.seed,
    complete: state.status === "up",
    url: `http://${first}:30007/`,
    webUrl: `http://${first}:30008/`,
    apiUrl: state.api?.url ?? null,
    kubeconfig: paths.kubeconfig,
    inventory: paths.inventory,
    directory: paths.directory,
    clientNetns: plan.clientNetns,
    nodes: plan.nodes,
    pods: plan.pods,
    faults: state.faults.map(({ id, node, at }) => ({ id, node, at })),
  };
}
