import type { KubeObject } from "../../objects/kube-object.ts";

export interface Column {
  name: string;
  wide: boolean;
  of(object: KubeObject): string;
}

/** The columns of kubernetes/pkg/printers/internalversion/printers.go for a kind; name and age for those without. */
export function columnsOf(kind: string): readonly Column[] {
  return [column("Name", (object) => object.metadata.name), ...(COLUMNS[kind] ?? [AGE])];
}

function column(name: string, of: (object: KubeObject) => string): Column {
  return { name, wide: false, of };
}

function wide(name: string, of: (object: KubeObject) => string): Column {
  return { name, wide: true, of };
}

const AGE = column("Age", (object) => age(object.metadata.creationTimestamp));
const NONE = "<none>";

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Namespace: [column("Status", ({ status }) => status.phase), AGE],
  Node: [
    column("Status", ({ spec, status }) => {
      const ready = status.conditions.find((condition: { type: string }) => condition.type === "Ready");
      return (ready?.status === "True" ? "Ready" : "NotReady") + (spec.unschedulable ? ",SchedulingDisabled" : "");
    }),
    column("Roles", ({ metadata }) => {
      const prefix = "node-role.kubernetes.io/";
      const roles = Object.keys(metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
      return roles.map((label) => label.slice(prefix.length)).join(",") || NONE;
    }),
    AGE,
    column("Version", ({ status }) => status.nodeInfo.kubeletVersion),
    wide("Internal-IP", ({ status }) => nodeAddress(status, "InternalIP")),
    wide("External-IP", ({ status }) => nodeAddress(status, "ExternalIP")),
    wide("OS-Image", ({ status }) => status.nodeInfo.osImage),
    wide("Kernel-Version", ({ status }) => status.nodeInfo.kernelVersion),
    wide("Container-Runtime", ({ status }) => status.nodeInfo.containerRuntimeVersion),
  ],
  Pod: [
    column("Ready", ({ status }) => {
      const containers: { ready: boolean }[] = status.containerStatuses;
      return `${containers.filter((container) => container.ready).length}/${containers.length}`;
    }),
    column("Status", ({ status }) => status.phase),
    column("Restarts", ({ status }) => String(status.containerStatuses[0]?.restartCount ?? 0)),
    AGE,
    wide("IP", ({ status }) => status.podIP ?? NONE),
    wide("Node", ({ spec }) => spec.nodeName ?? NONE),
    wide("Nominated Node", () => NONE),
    wide("Readiness Gates", () => NONE),
  ],
  Service: [
    column("Type", ({ spec }) => spec.type),
    column("Cluster-IP", ({ spec }) => spec.clusterIP ?? NONE),
    column("External-IP", () => NONE),
    column("Port(s)", ({ spec }) =>
      (spec.ports ?? [])
        .map((port: { port: number; nodePort?: number; protocol: string }) =>
          port.nodePort === undefined
            ? `${port.port}/${port.protocol}`
            : `${port.port}:${port.nodePort}/${port.protocol}`,
        )
        .join(","),
    ),
    AGE,
    wide("Selector", ({ spec }) => selectorText(spec.selector)),
  ],
  Endpoints: [
    column("Endpoints", ({ subsets }) => {
      const all = (subsets ?? []).flatMap((subset: { addresses?: { ip: string }[]; ports?: { port: number }[] }) =>
        (subset.ports ?? []).flatMap(({ port }) => (subset.addresses ?? []).map(({ ip }) => `${ip}:${port}`)),
      );
      return shortened(all);
    }),
    AGE,
  ],
  EndpointSlice: [
    column("AddressType", ({ addressType }) => addressType),
    column("Ports", ({ ports }) =>
      shortened(
        (ports ?? []).map(({ port }: { port: number }) => String(port)),
        ",",
        "<unset>",
      ),
    ),
    column("Endpoints", ({ endpoints }) =>
      shortened(
        (endpoints ?? []).flatMap(({ addresses }: { addresses: string[] }) => addresses),
        ",",
        "<unset>",
      ),
    ),
    AGE,
  ],
  ConfigMap: [column("Data", ({ data }) => String(Object.keys(data ?? {}).length)), AGE],
  NetworkPolicy: [column("Pod-Selector", ({ spec }) => selectorText(spec?.podSelector?.matchLabels)), AGE],
  Deployment: [
    column("Ready", ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas}`),
    column("Up-to-date", ({ status }) => String(status.updatedReplicas ?? 0)),
    column("Available", ({ status }) => String(status.availableReplicas ?? 0)),
    AGE,
    ...templateColumns(),
  ],
  ReplicaSet: [
    column("Desired", ({ spec }) => String(spec.replicas)),
    column("Current", ({ status }) => String(status.replicas ?? 0)),
    column("Ready", ({ status }) => String(status.readyReplicas ?? 0)),
    AGE,
    ...templateColumns(),
  ],
};

function templateColumns(): Column[] {
  const join = (object: KubeObject, field: "name" | "image"): string =>
    object.spec.template.spec.containers.map((container: Record<string, string>) => container[field]).join(",");
  return [
    wide("Containers", (object) => join(object, "name")),
    wide("Images", (object) => join(object, "image")),
    wide("Selector", ({ spec }) => selectorText(spec.selector.matchLabels)),
  ];
}

function nodeAddress(status: KubeObject, type: string): string {
  return status.addresses.find((address: { type: string }) => address.type === type)?.address ?? NONE;
}

function selectorText(selector: Record<string, string> | undefined): string {
  const pairs = Object.entries(selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.sort().join(",") || NONE;
}

function shortened(all: readonly string[], separator = ",", none = NONE): string {
  if (all.length === 0) return none;
  return all.slice(0, 3).join(separator) + (all.length > 3 ? ` + ${all.length - 3} more...` : "");
}

/** As apimachinery/pkg/util/duration, HumanDuration: the largest unit, and the next while the first is small. */
function age(since: string | undefined): string {
  if (since === undefined) return "<unknown>";
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return `${minutes}m${seconds % 60 === 0 ? "" : `${seconds % 60}s`}`;
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return `${hours}h${minutes % 60 === 0 ? "" : `${minutes % 60}m`}`;
  if (hours < 48) return `${hours}h`;
  return days < 8 && hours % 24 !== 0 ? `${days}d${hours % 24}h` : `${days}d`;
}
