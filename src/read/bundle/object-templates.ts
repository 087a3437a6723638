import type { Kind } from "../kube/cluster-from-objects.ts";

/** A text of its own in kubectl's jsonpath. */
const say = (text: string): string =>
  `{"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"}`;
const words = (name: string, path: string): string => say(`"${name}":"`) + `{${path}}` + say('",');
/** A number, a truth value, a list or an object, which kubectl prints as JSON; nothing where there is none. */
const value = (name: string, path: string): string => say(`"${name}":`) + `{${path}}` + say(",");
const object = (name: string, ...parts: readonly string[]): string => say(`"${name}":{`) + parts.join("") + say("},");
const each = (name: string, path: string, ...parts: readonly string[]): string =>
  say(`"${name}":[`) + `{range ${path}}` + say("{") + parts.join("") + say("},") + "{end}" + say("],");
const items = (...parts: readonly string[]): string =>
  `{range .items[*]}${say("{")}${parts.join("")}${say("},\n")}{end}`;

const named = object(
  "metadata",
  words("name", ".metadata.name"),
  words("namespace", ".metadata.namespace"),
  value("labels", ".metadata.labels"),
);
const isReady = each(
  "conditions",
  '.status.conditions[?(@.type=="Ready")]',
  words("type", ".type"),
  words("status", ".status"),
);
const containers = (name: string): string =>
  each(
    name,
    `.spec.${name}[*]`,
    words("name", ".name"),
    words("restartPolicy", ".restartPolicy"),
    value("ports", ".ports"),
  );

/**
 * What `kubectl get KIND -o jsonpath=…` prints an object a line of: the parts that are looked at, so that nothing else reaches the file. A
 * comma too many, and a value too few, are put right by whoever prints it.
 */
export const OBJECT_TEMPLATES: Readonly<Record<Kind, string>> = {
  nodes: items(
    object("metadata", words("name", ".metadata.name")),
    object("spec", words("podCIDR", ".spec.podCIDR"), value("podCIDRs", ".spec.podCIDRs")),
    object("status", value("addresses", ".status.addresses"), isReady),
  ),
  pods: items(
    named,
    object(
      "spec",
      words("nodeName", ".spec.nodeName"),
      value("hostNetwork", ".spec.hostNetwork"),
      containers("containers"),
      containers("initContainers"),
    ),
    object(
      "status",
      words("phase", ".status.phase"),
      words("podIP", ".status.podIP"),
      value("podIPs", ".status.podIPs"),
      isReady,
    ),
  ),
  services: items(
    named,
    object(
      "spec",
      words("type", ".spec.type"),
      words("clusterIP", ".spec.clusterIP"),
      value("clusterIPs", ".spec.clusterIPs"),
      value("externalIPs", ".spec.externalIPs"),
      value("selector", ".spec.selector"),
      value("ports", ".spec.ports"),
      words("externalTrafficPolicy", ".spec.externalTrafficPolicy"),
      words("internalTrafficPolicy", ".spec.internalTrafficPolicy"),
      value("publishNotReadyAddresses", ".spec.publishNotReadyAddresses"),
    ),
    object("status", value("loadBalancer", ".status.loadBalancer")),
  ),
  endpointslices: items(
    named,
    words("addressType", ".addressType"),
    value("ports", ".ports"),
    value("endpoints", ".endpoints"),
  ),
  endpoints: items(named, value("subsets", ".subsets")),
  namespaces: items(object("metadata", words("name", ".metadata.name"), value("labels", ".metadata.labels"))),
  networkpolicies: items(named, value("spec", ".spec")),
};
