import { release } from "node:os";
import type { Plan, PlannedNode } from "../plan.ts";
import { type KubeObject, uidOf } from "./kube-object.ts";

const KUBERNETES = "v1.30.4";

export function nodeObject(plan: Plan, node: PlannedNode): KubeObject {
  const first = plan.nodes[0] === node;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: node.name,
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        ...(first ? { "node-role.kubernetes.io/control-plane": "" } : {}),
      },
      annotations: plan.cni === "flannel" ? flannelAnnotations(plan, node) : calicoAnnotations(plan, node),
    },
    spec: { podCIDR: node.podCidr, podCIDRs: [node.podCidr] },
    status: {
      addresses: [
        { type: "InternalIP", address: node.address },
        { type: "Hostname", address: node.name },
      ],
      capacity: { cpu: "2", memory: "4014324Ki", pods: "110" },
      allocatable: { cpu: "2", memory: "3911924Ki", pods: "110" },
      conditions: conditions(plan),
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        architecture: "amd64",
        bootID: uidOf(plan.marker, node.name, "boot"),
        containerRuntimeVersion: "containerd://1.7.20",
        kernelVersion: release(),
        kubeProxyVersion: KUBERNETES,
        kubeletVersion: KUBERNETES,
        machineID: uidOf(plan.marker, node.name, "machine").replaceAll("-", ""),
        operatingSystem: "linux",
        osImage: "Debian GNU/Linux 12 (bookworm)",
        systemUUID: uidOf(plan.marker, node.name, "system"),
      },
    },
  };
}

function conditions(plan: Plan): object[] {
  const condition = (type: string, status: string, reason: string, message: string): object => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: plan.createdAt,
    lastTransitionTime: plan.createdAt,
  });
  const flannel = plan.cni === "flannel";
  return [
    condition(
      "NetworkUnavailable",
      "False",
      flannel ? "FlannelIsUp" : "CalicoIsUp",
      `${flannel ? "Flannel" : "Calico"} is running on this node`,
    ),
    condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
  ];
}

function flannelAnnotations(plan: Plan, node: PlannedNode): Record<string, string> {
  const data = plan.overlay === "vxlan" ? JSON.stringify({ VNI: 1, VtepMAC: node.tunnelMac }) : "null";
  return {
    "flannel.alpha.coreos.com/backend-data": data,
    "flannel.alpha.coreos.com/backend-type": plan.overlay,
    "flannel.alpha.coreos.com/kube-subnet-manager": "true",
    "flannel.alpha.coreos.com/public-ip": node.address,
  };
}

function calicoAnnotations(plan: Plan, node: PlannedNode): Record<string, string> {
  const address = { "projectcalico.org/IPv4Address": `${node.address}/24` };
  if (plan.overlay === "ipip") return { ...address, "projectcalico.org/IPv4IPIPTunnelAddr": node.tunnelAddress };
  if (plan.overlay === "vxlan") {
    return {
      ...address,
      "projectcalico.org/IPv4VXLANTunnelAddr": node.tunnelAddress,
      "projectcalico.org/VXLANTunnelMACAddr": node.tunnelMac,
    };
  }
  return address;
}
