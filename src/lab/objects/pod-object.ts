import { createHash } from "node:crypto";
import { findNode, type Plan, type PlannedPod } from "../plan.ts";
import { type KubeObject, uidOf } from "./kube-object.ts";

export function podObject(plan: Plan, pod: PlannedPod): KubeObject {
  const at = plan.createdAt;
  const dns = pod.serves === "dns";
  const image = `docker.io/lasthop/lab-${pod.serves}:1`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pod.name,
      namespace: pod.namespace,
      generateName: `${pod.app}-${pod.template}-`,
      labels: {
        app: pod.app,
        ...(dns ? { "k8s-app": "kube-dns" } : {}),
        "pod-template-hash": pod.template,
      },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: `${pod.app}-${pod.template}`,
          uid: uidOf(plan.marker, "ReplicaSet", pod.namespace, `${pod.app}-${pod.template}`),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      containers: [
        {
          name: "server",
          image,
          imagePullPolicy: "IfNotPresent",
          ports: dns
            ? [
                { name: "dns", containerPort: 53, protocol: "UDP" },
                { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
              ]
            : [{ name: "http", containerPort: 8080, protocol: "TCP" }],
          ...(dns
            ? {}
            : { readinessProbe: { httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" }, periodSeconds: 3 } }),
          resources: {},
        },
      ],
      dnsPolicy: dns ? "Default" : "ClusterFirst",
      nodeName: pod.node,
      restartPolicy: "Always",
      serviceAccountName: "default",
      terminationGracePeriodSeconds: 30,
    },
    status: {
      phase: "Running",
      podIP: pod.address,
      podIPs: [{ ip: pod.address }],
      hostIP: findNode(plan, pod.node).address,
      hostIPs: [{ ip: findNode(plan, pod.node).address }],
      startTime: at,
      qosClass: "BestEffort",
      conditions: ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
        type,
        status: "True",
        lastProbeTime: null,
        lastTransitionTime: at,
      })),
      containerStatuses: [
        {
          name: "server",
          image,
          imageID: `docker.io/lasthop/lab-${pod.serves}@sha256:${createHash("sha256").update(image).digest("hex")}`,
          containerID: `containerd://${createHash("sha256")
            .update(plan.marker + pod.name)
            .digest("hex")}`,
          ready: true,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: at } },
          lastState: {},
        },
      ],
    },
  };
}
