import { z } from "zod";
import { elements } from "../bundle/elements.ts";

/** The parts of Kubernetes' objects that are looked at; everything else passes unseen. Absent and null mean the same. */
const text = z.string().nullish();
/** One issue for all that is wrong in it. */
const words = z.custom<Readonly<Record<string, string>>>(isMapOfTexts, "expected a map of strings").nullish();
const list = <T extends z.ZodType>(item: T) => elements(item).nullish();

const Meta = z.object({ name: z.string(), namespace: text, labels: words, annotations: words });
const Condition = z.object({ type: z.string(), status: z.string() });

export const NodeShape = z.object({
  metadata: Meta,
  spec: z.object({ podCIDR: text, podCIDRs: list(z.string()) }).nullish(),
  status: z
    .object({ addresses: list(z.object({ type: z.string(), address: z.string() })), conditions: list(Condition) })
    .nullish(),
});

const Container = z.object({
  name: z.string(),
  restartPolicy: text,
  ports: list(z.object({ name: text, containerPort: z.number(), protocol: text })),
});

export const PodShape = z.object({
  metadata: Meta,
  spec: z.object({
    nodeName: text,
    hostNetwork: z.boolean().nullish(),
    containers: list(Container),
    initContainers: list(Container),
  }),
  status: z
    .object({ phase: text, podIP: text, podIPs: list(z.object({ ip: text })), conditions: list(Condition) })
    .nullish(),
});

export const ServiceShape = z.object({
  metadata: Meta,
  spec: z.object({
    type: text,
    clusterIP: text,
    clusterIPs: list(z.string()),
    externalIPs: list(z.string()),
    selector: words,
    ports: list(
      z.object({
        name: text,
        protocol: text,
        port: z.number(),
        targetPort: z.union([z.number(), z.string()]).nullish(),
        nodePort: z.number().nullish(),
      }),
    ),
    externalTrafficPolicy: text,
    internalTrafficPolicy: text,
    publishNotReadyAddresses: z.boolean().nullish(),
  }),
  status: z.object({ loadBalancer: z.object({ ingress: list(z.object({ ip: text })) }).nullish() }).nullish(),
});

const Reference = z.object({ kind: text, namespace: text, name: text }).nullish();
const Port = z.object({ name: text, port: z.number().nullish(), protocol: text });

export const EndpointSliceShape = z.object({
  metadata: Meta,
  addressType: text,
  ports: list(Port),
  endpoints: list(
    z.object({
      addresses: elements(z.string()),
      conditions: z
        .object({ ready: z.boolean().nullish(), serving: z.boolean().nullish(), terminating: z.boolean().nullish() })
        .nullish(),
      nodeName: text,
      targetRef: Reference,
    }),
  ),
});

const EndpointAddress = z.object({ ip: z.string(), nodeName: text, targetRef: Reference });

export const EndpointsShape = z.object({
  metadata: Meta,
  subsets: list(
    z.object({ addresses: list(EndpointAddress), notReadyAddresses: list(EndpointAddress), ports: list(Port) }),
  ),
});

export const NamespaceShape = z.object({ metadata: Meta });

export const NetworkPolicyShape = z.object({ metadata: Meta, spec: z.unknown() });

/** Strict: a field that is not known might narrow what is. */
const Selector = z.strictObject({
  matchLabels: words,
  matchExpressions: list(
    z.strictObject({
      key: z.string(),
      operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
      values: list(z.string()),
    }),
  ),
});

const Peer = z.strictObject({
  podSelector: Selector.nullish(),
  namespaceSelector: Selector.nullish(),
  ipBlock: z.strictObject({ cidr: z.string(), except: list(z.string()) }).nullish(),
});

const Ports = list(
  z.strictObject({
    protocol: text,
    port: z.union([z.number(), z.string()]).nullish(),
    endPort: z.number().nullish(),
  }),
);

export const PolicySpecShape = z.strictObject({
  podSelector: Selector.nullish(),
  ingress: list(z.strictObject({ from: list(Peer), ports: Ports })),
  egress: list(z.strictObject({ to: list(Peer), ports: Ports })),
  policyTypes: list(z.enum(["Ingress", "Egress"])),
});

export const ListShape = z.object({ items: z.array(z.unknown()).nullish() });

function isMapOfTexts(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((one) => typeof one === "string");
}
