import type { Plan, PlannedService } from "../plan.ts";
import { type KubeObject, uidOf } from "./kube-object.ts";
import { nodeObject } from "./node-object.ts";
import { podObject } from "./pod-object.ts";

/** The objects that the lab's API starts with. Endpoints are not among them: the API's controller makes those. */
export function clusterObjects(plan: Plan): KubeObject[] {
  const objects = [
    ...namespaces(plan),
    ...plan.nodes.map((node) => nodeObject(plan, node)),
    ...plan.pods.map((pod) => podObject(plan, pod)),
    ...workloads(plan),
    ...plan.services.map(serviceObject),
    ...configuration(plan),
  ];
  return objects.map((object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      uid: uidOf(plan.marker, object.kind, object.metadata.namespace ?? "", object.metadata.name),
      creationTimestamp: plan.createdAt,
    },
  }));
}

function namespaces(plan: Plan): KubeObject[] {
  const names = ["default", "kube-public", "kube-system", plan.cni === "flannel" ? "kube-flannel" : "calico-system"];
  return names.map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  }));
}

function serviceObject(service: PlannedService): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: service.name, namespace: service.namespace, labels: { ...service.selector } },
    spec: {
      type: service.type,
      clusterIP: service.clusterIp,
      clusterIPs: [service.clusterIp],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
      ...(service.type === "NodePort" ? { externalTrafficPolicy: "Cluster" } : {}),
      sessionAffinity: "None",
      selector: { ...service.selector },
      ports: service.ports.map((port) => ({ ...port })),
    },
    status: { loadBalancer: {} },
  };
}

function workloads(plan: Plan): KubeObject[] {
  const apps = [...new Set(plan.pods.map((pod) => pod.app))];
  return apps.flatMap((app) => {
    const pods = plan.pods.filter((pod) => pod.app === app);
    const pod = podObject(plan, pods[0] as (typeof pods)[number]);
    const { "pod-template-hash": hash, ...labels } = pod.metadata.labels as Record<string, string>;
    const count = pods.length;
    const common = { namespace: pod.metadata.namespace as string, labels };
    const template = { metadata: { labels }, spec: { containers: pod.spec.containers } };
    return [
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: app, ...common, generation: 1 },
        spec: { replicas: count, selector: { matchLabels: labels }, template },
        status: {
          observedGeneration: 1,
          replicas: count,
          updatedReplicas: count,
          readyReplicas: count,
          availableReplicas: count,
          conditions: [{ type: "Available", status: "True", reason: "MinimumReplicasAvailable" }],
        },
      },
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { name: `${app}-${hash}`, ...common, labels: { ...labels, "pod-template-hash": hash as string } },
        spec: { replicas: count, selector: { matchLabels: { ...labels, "pod-template-hash": hash } }, template },
        status: { observedGeneration: 1, replicas: count, readyReplicas: count, availableReplicas: count },
      },
    ];
  });
}

/** Where a cluster writes down how its network is meant to be. */
function configuration(plan: Plan): KubeObject[] {
  const configMap = (namespace: string, name: string, data: Record<string, string>): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace },
    data,
  });
  const kubeProxy = configMap("kube-system", "kube-proxy", {
    "config.conf": [
      "apiVersion: kubeproxy.config.k8s.io/v1alpha1",
      "kind: KubeProxyConfiguration",
      `clusterCIDR: ${plan.clusterCidr}`,
      "mode: iptables",
      "",
    ].join("\n"),
  });
  if (plan.cni === "flannel") {
    const network = { Network: plan.clusterCidr, EnableIPv4: true, Backend: { Type: plan.overlay } };
    return [
      kubeProxy,
      configMap("kube-flannel", "kube-flannel-cfg", { "net-conf.json": `${JSON.stringify(network, null, 2)}\n` }),
    ];
  }
  return [
    kubeProxy,
    {
      apiVersion: "crd.projectcalico.org/v1",
      kind: "IPPool",
      metadata: { name: "default-ipv4-ippool" },
      spec: {
        cidr: plan.clusterCidr,
        blockSize: 26,
        ipipMode: plan.overlay === "ipip" ? "Always" : "Never",
        vxlanMode: plan.overlay === "vxlan" ? "Always" : "Never",
        natOutgoing: true,
        nodeSelector: "all()",
        allowedUses: ["Workload", "Tunnel"],
      },
    },
  ];
}
