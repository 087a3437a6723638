import type { Cluster, Endpoint, Pod } from "../../facts/cluster.ts";
import { podKey } from "../../facts/cluster.ts";
import type { Ip } from "../../facts/ip.ts";
import { intendedSelector, selectedPods, selectorText } from "../../think/intent/selector.ts";
import { endpointsBehind, type Target } from "../../think/symptom/target.ts";
import type { ApiRepair, FoundCause } from "../conclusion.ts";
import { finding, type Rung } from "../findings.ts";

/** The rungs that the API's objects answer: service, endpoints, pods. */
export interface ObjectRungs {
  readonly rungs: readonly Rung[];
  readonly endpoints: readonly Endpoint[];
  /** What the endpoints would be with the object mended. */
  readonly candidates: readonly Endpoint[];
  /** The object that is at fault, when one is; whether it is confirmed is for the tries to say. */
  readonly fault: ObjectFault | null;
}

export interface ObjectFault {
  readonly cause: FoundCause;
  readonly repair: ApiRepair | null;
  /** Where the pods run that are not ready; absent where it is no matter of theirs. */
  readonly pendsOn?: readonly (string | null)[];
}

export function climbObjects(target: Target, cluster: Cluster, evidence: string): ObjectRungs {
  const rungs: Rung[] = [];
  const add = (rung: Rung): void => void rungs.push(rung);
  const { service } = target;
  if (service === null) {
    if (target.pod !== null) add(podsRung([target.pod], evidence));
    return { rungs, endpoints: [], candidates: [], fault: null };
  }
  const { object, port } = service;
  const name = `${object.namespace}/${object.name}`;
  const address =
    (object.clusterIps.find((own) => own.family === target.ip.family) ?? object.clusterIps[0])?.text ?? "None";
  const endpoints = endpointsBehind(cluster, target);
  const ready = endpoints.filter((e) => e.ready);
  const selected = selectedPods(cluster, object);
  const hasSelector = object.selector !== null && Object.keys(object.selector).length > 0;
  // Endpoints without pods, or no pods at all: then it is the pods that were not read.
  const selectsNothing = hasSelector && selected.length === 0 && endpoints.length === 0 && cluster.pods.length > 0;
  const intended = selectsNothing ? intendedSelector(cluster, object) : null;
  const selector = selectorText(object.selector);

  add({
    rung: "service",
    status: selectsNothing ? "failed" : "ok",
    headline: finding("service-found", { name, address, port: port.port, nodePort: port.nodePort }),
    lines: selectsNothing
      ? [
          finding("selector-matches", {
            selector,
            pods: 0,
            near: intended === null ? null : selectorText(intended.selector),
          }),
        ]
      : [],
    evidence: [evidence],
  });
  const shown = ready.slice(0, 4).map((e) => `${e.ip.text}:${e.port}${e.node === null ? "" : ` on ${e.node}`}, ready`);
  add({
    rung: "endpoints",
    status: ready.length === 0 ? "failed" : "ok",
    headline:
      endpoints.length === 0
        ? finding("endpoints-none", { selector })
        : ready.length === 0
          ? finding("endpoints-none-ready", { total: endpoints.length })
          : finding("endpoints-ready", {
              ready: ready.length,
              total: endpoints.length,
              shown: ready.length > 4 ? [...shown, "…"] : shown,
            }),
    lines: [],
    evidence: [evidence],
  });
  const backing = cluster.pods.filter((p) => endpoints.some((e) => e.pod !== null && podKey(e.pod) === podKey(p)));
  const pods = backing.length > 0 ? backing : (intended?.pods ?? selected);
  if (pods.length > 0) add(podsRung(pods, evidence));

  const common = { node: null, netns: null, culprit: null };
  if (selectsNothing) {
    const wanted = intended === null ? null : selectorText(intended.selector);
    return {
      rungs,
      endpoints,
      candidates: intended === null ? [] : intended.pods.flatMap((pod) => endpointAt(pod, service, target.ip)),
      fault: {
        cause: {
          id: "svc-selector-mismatch",
          ...common,
          object: `Service ${name} .spec.selector`,
          found: selector,
          wanted,
          params: { service: name, found: selector, wanted: wanted ?? "" },
        },
        repair:
          intended === null
            ? null
            : {
                do: "patch-service-selector",
                namespace: object.namespace,
                name: object.name,
                selector: intended.selector,
              },
      },
    };
  }
  // Ready pods without any endpoint are another matter: a port that no pod has a name for, or endpoints that were not read.
  if (ready.length === 0 && selected.length > 0 && (endpoints.length > 0 || selected.every((p) => !p.ready))) {
    return {
      rungs,
      endpoints,
      candidates: [],
      fault: {
        cause: {
          id: "svc-no-ready-endpoints",
          ...common,
          object: `Service ${name} endpoints`,
          found: `0 of ${endpoints.length} ready`,
          wanted: null,
          params: { service: name },
        },
        repair: null,
        pendsOn: selected.map((p) => p.node),
      },
    };
  }
  const { entry } = target;
  const isLocalOnly = service.through === "node-port" && object.externalTrafficPolicy === "Local";
  if (
    isLocalOnly &&
    entry !== null &&
    ready.length > 0 &&
    ready.every((e) => e.node !== null && e.node !== entry.name)
  ) {
    const serving = [...new Set(ready.map((e) => e.node))].slice(0, 4).join(", ");
    return {
      rungs,
      endpoints,
      candidates: [],
      fault: {
        cause: {
          id: "svc-no-local-endpoint",
          ...common,
          object: `Service ${name} .spec.externalTrafficPolicy`,
          found: "Local",
          wanted: null,
          params: { service: name, entry: entry.name, serving },
        },
        repair: null,
      },
    };
  }
  return { rungs, endpoints, candidates: [], fault: null };
}

/** What the endpoints controller would make of a pod for this port of the Service. */
function endpointAt(pod: Pod, { object, port }: NonNullable<Target["service"]>, { family }: Ip): readonly Endpoint[] {
  const named = pod.containers.flatMap((c) => c.ports).find((p) => p.name === port.targetPort)?.port;
  const number = typeof port.targetPort === "number" ? port.targetPort : named;
  const own = pod.ips.find((ip) => ip.family === family);
  return number === undefined || own === undefined
    ? []
    : [own].map((ip) => ({
        namespace: object.namespace,
        service: object.name,
        ip,
        portName: port.name,
        port: number,
        protocol: port.protocol,
        ready: pod.ready,
        terminating: false,
        node: pod.node,
        pod: { namespace: pod.namespace, name: pod.name },
      }));
}

function podsRung(
  pods: readonly { readonly namespace: string; readonly name: string; readonly ready: boolean }[],
  evidence: string,
): Rung {
  const sick = pods.filter((p) => !p.ready);
  return {
    rung: "pods",
    status: sick.length === 0 ? "ok" : "failed",
    headline: finding("pods-ready", { ready: pods.length - sick.length, total: pods.length }),
    lines: sick.length === 0 ? [] : [finding("pods-not-ready", { pods: sick.map(podKey) })],
    evidence: [evidence],
  };
}
