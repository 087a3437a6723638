import { join } from "node:path";

export const LABS_DIRECTORY = "/run/lasthop-lab";
/** Where `ip netns exec` finds per-namespace files to mount over /etc (iproute2, lib/namespace.c, bind_etc). */
export const ETC_NETNS = "/etc/netns";
export const RUN_NETNS = "/run/netns";

export interface LabPaths {
  directory: string;
  state: string;
  kubeconfig: string;
  inventory: string;
  logs: string;
}

export function labPaths(lab: string): LabPaths {
  const directory = join(LABS_DIRECTORY, lab);
  return {
    directory,
    state: join(directory, "lab.json"),
    kubeconfig: join(directory, "kubeconfig"),
    inventory: join(directory, "inventory.yaml"),
    logs: join(directory, "logs"),
  };
}

export function podLogPath(lab: string, pod: { namespace: string; name: string }): string {
  return join(labPaths(lab).logs, `${pod.namespace}_${pod.name}.log`);
}

/** Of the client that never pauses, see conntrack-stale-dnat. */
export function resolverLogPath(lab: string, node: string): string {
  return join(labPaths(lab).logs, `resolver-${node}.log`);
}

/** While this file is there, the node's kube-proxy hangs: it writes no rules. */
export function stoppedProxyPath(lab: string, node: string): string {
  return join(labPaths(lab).directory, `kube-proxy-${node}.stopped`);
}
