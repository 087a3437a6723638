import type { Cluster, Endpoint, Pod } from "../../facts/cluster.ts";
import { sameIp } from "../../facts/ip.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import type { ApiRepair } from "../../think/intent/api-repair.ts";
import { type intendedSelector, selectorText } from "../../think/intent/selector.ts";
import { endpointAt, listens, unnamedTargetPort } from "../../think/intent/target-port.ts";
import { usableEndpoints } from "../../think/intent/usable.ts";
import type { Target } from "../../think/symptom/target.ts";
import type { Walk } from "../../think/walk/branch.ts";
import type { FoundCause } from "../conclusion.ts";

/** An object of the API that leaves nobody to send to. */
export interface ObjectFault {
  readonly cause: FoundCause;
  readonly repair: ApiRepair | null;
  /** The endpoints that there would be with the object otherwise; none where that is not known. */
  readonly leadsTo: readonly Endpoint[];
  /** Where the pods run that are not ready; absent where it is no matter of theirs. */
  readonly pendsOn?: readonly (string | null)[];
}

export interface Objects {
  readonly target: Target;
  /** The nodes of the cluster that it is asked from. */
  readonly askers: readonly NodeName[];
  readonly cluster: Cluster;
  readonly world: World;
  /** Ready or not. */
  readonly endpoints: readonly Endpoint[];
  readonly selected: readonly Pod[];
  readonly intended: ReturnType<typeof intendedSelector>;
  readonly selectsNothing: boolean;
}

const OF_API = { node: null, netns: null, culprit: null };

export function objectFault(objects: Objects): ObjectFault | null {
  return selectsNobody(objects) ?? wrongPortName(objects) ?? noneReady(objects) ?? noneLocal(objects);
}

/** Only pods that carry other labels speak against the selector: without any, there may rightly be none. */
function selectsNobody(objects: Objects): ObjectFault | null {
  const { service, ip } = objects.target;
  if (service === null || !objects.selectsNothing) return null;
  const { intended } = objects;
  const { namespace, name, selector } = service.object;
  const found = selectorText(selector);
  if (intended === null || !mayServe(intended.pods, service, objects.world)) {
    return {
      cause: {
        id: "svc-no-pods",
        ...OF_API,
        object: `Service ${namespace}/${name} pods`,
        found: "0 pods",
        wanted: null,
        params: { service: `${namespace}/${name}`, selector: found },
      },
      repair: null,
      leadsTo: [],
    };
  }
  const wanted = selectorText(intended.selector);
  return {
    cause: {
      id: "svc-selector-mismatch",
      ...OF_API,
      object: `Service ${namespace}/${name} .spec.selector`,
      found,
      wanted,
      params: { service: `${namespace}/${name}`, found, wanted },
    },
    repair: { do: "patch-service-selector", namespace, name, selector: intended.selector },
    // That it would answer behind pods that are only likely meant proves nothing.
    leadsTo: intended.isCertain ? intended.pods.flatMap((pod) => endpointOf(pod, service, ip.family)) : [],
  };
}

/** Pods that do not listen on the Service's port are not those that were meant. */
function mayServe(pods: readonly Pod[], { port }: NonNullable<Target["service"]>, world: World): boolean {
  return pods.every((pod) => {
    const number = portOf(pod, port);
    return number === undefined || listens(pod, port, number, world) !== false;
  });
}

function portOf(pod: Pod, { targetPort }: NonNullable<Target["service"]>["port"]): number | undefined {
  return typeof targetPort === "number"
    ? targetPort
    : pod.containers.flatMap((c) => c.ports).find((p) => p.name === targetPort)?.port;
}

/** What the endpoints controller would make of a pod for this port of the Service. */
function endpointOf(pod: Pod, { object, port }: NonNullable<Target["service"]>, family: 4 | 6): readonly Endpoint[] {
  const number = portOf(pod, port);
  return number === undefined
    ? []
    : endpointAt(pod, object, port, number)
        .filter((e) => e.ip.family === family)
        .slice(0, 1);
}

function wrongPortName({ target: { service }, cluster, world }: Objects): ObjectFault | null {
  const wrong = service === null ? null : unnamedTargetPort(cluster, world, service.object, service.port);
  if (wrong === null) return null;
  const { object, found, meant: wanted, params, repair, leadsTo } = wrong;
  return { cause: { id: "svc-targetport-wrong", ...OF_API, object, found, wanted, params }, repair, leadsTo };
}

/** Ready pods without any endpoint are another matter: what the endpoints controller has not written yet. */
function noneReady({ target: { service }, cluster, endpoints, selected }: Objects): ObjectFault | null {
  if (service === null || !cluster.endpointsKnown || usableEndpoints(endpoints).length > 0 || selected.length === 0)
    return null;
  if (endpoints.length === 0 && selected.some((p) => p.ready)) return null;
  const name = `${service.object.namespace}/${service.object.name}`;
  return {
    cause: {
      id: "svc-no-ready-endpoints",
      ...OF_API,
      object: `Service ${name} endpoints`,
      found: `0 of ${endpoints.length} ready`,
      wanted: null,
      params: { service: name },
    },
    repair: null,
    leadsTo: endpoints,
    pendsOn: selected.map((p) => p.node),
  };
}

/** The node that translates decides: whose address is asked, or at a ClusterIP the one that is asked from. */
function noneLocal({ target: { service, entry }, askers, endpoints }: Objects): ObjectFault | null {
  if (service === null) return null;
  const isInternal = service.through === "cluster-ip";
  const policy = isInternal ? "internalTrafficPolicy" : "externalTrafficPolicy";
  const usable = usableEndpoints(endpoints);
  if (service.object[policy] !== "Local" || usable.length === 0) return null;
  const translating = isInternal ? askers : entry === null ? [] : [entry.name];
  const bare = translating.filter((node) => {
    const own = endpoints.filter((e) => e.node === null || e.node === node);
    return usableEndpoints(own).length === 0;
  });
  if (bare.length === 0) return null;
  const name = `${service.object.namespace}/${service.object.name}`;
  return {
    cause: {
      id: "svc-no-local-endpoint",
      ...OF_API,
      object: `Service ${name} .spec.${policy}`,
      found: "Local",
      wanted: null,
      params: { service: name, policy, bare: someOf(bare), serving: someOf(usable.map((e) => e.node)) },
    },
    repair: null,
    leadsTo: usable,
  };
}

function someOf(nodes: readonly (string | null)[]): string {
  return [...new Set(nodes)].slice(0, 4).join(", ");
}

/**
 * Where rules translate a flow to one of the Service's endpoints, no object kept it out: it may have been read a moment too early or
 * too late, and what comes from a node itself or from its pods is led to any endpoint, whatever the policy for others.
 */
export function isLetIn({ flow, branches }: Walk, endpoints: readonly Endpoint[]): boolean {
  return branches.some(({ destination: { ip, port } }) => {
    const isTranslated = !sameIp(ip, flow.dst) || port !== flow.dport;
    return isTranslated && endpoints.some((e) => sameIp(e.ip, ip) && e.port === port);
  });
}
