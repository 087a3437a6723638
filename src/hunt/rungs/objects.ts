import type { Cluster, Endpoint } from "../../facts/cluster.ts";
import { podKey } from "../../facts/cluster.ts";
import { bracketed, withPort } from "../../facts/ip.ts";
import { phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import { intendedSelector, selectedPods, selectorText } from "../../think/intent/selector.ts";
import { usableEndpoints } from "../../think/intent/usable.ts";
import { endpointsBehind, type Target } from "../../think/symptom/target.ts";
import { finding, type Rung } from "../findings.ts";
import { type ObjectFault, objectFault } from "./object-fault.ts";

/** The rungs that the API's objects answer: service, endpoints, pods. */
export interface ObjectRungs {
  readonly rungs: readonly Rung[];
  readonly endpoints: readonly Endpoint[];
  /** Those that there would be as well with the object mended. */
  readonly candidates: readonly Endpoint[];
  /** The object that is at fault, when one is; whether it is confirmed is for the tries to say. */
  readonly fault: ObjectFault | null;
}

/** @param from the nodes that the target is asked from */
export function climbObjects(
  target: Target,
  from: readonly NodeName[],
  cluster: Cluster,
  world: World,
  evidence: string,
): ObjectRungs {
  const rungs: Rung[] = [];
  const add = (rung: Rung): void => void rungs.push(rung);
  const { service } = target;
  if (service === null) {
    if (target.pod !== null) add(podsRung([target.pod], evidence));
    return { rungs, endpoints: [], candidates: [], fault: null };
  }
  const { object, port } = service;
  const name = `${object.namespace}/${object.name}`;
  const ip = object.clusterIps.find((own) => own.family === target.ip.family) ?? object.clusterIps[0];
  const address = ip === undefined ? "None" : bracketed(ip);
  const endpoints = endpointsBehind(cluster, target);
  const usable = usableEndpoints(endpoints);
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
  const isUnread = !cluster.endpointsKnown;
  const shown = usable
    .slice(0, 4)
    .map((e) => phrase("usable-endpoint", { address: withPort(e.ip, e.port), node: e.node, ready: e.ready }));
  add({
    rung: "endpoints",
    status: isUnread ? "unknown" : usable.length === 0 ? "failed" : "ok",
    headline: isUnread
      ? finding("endpoints-not-read", {})
      : endpoints.length === 0
        ? finding("endpoints-none", { selector })
        : usable.length === 0
          ? finding("endpoints-none-ready", { total: endpoints.length })
          : finding("endpoints-ready", {
              ready: endpoints.filter((e) => e.ready).length,
              total: endpoints.length,
              shown: usable.length > 4 ? [...shown, "…"] : shown,
            }),
    lines: [],
    evidence: [evidence],
  });
  const backing = cluster.pods.filter((p) => endpoints.some((e) => e.pod !== null && podKey(e.pod) === podKey(p)));
  const pods = backing.length > 0 ? backing : (intended?.pods ?? selected);
  if (pods.length > 0) add(podsRung(pods, evidence));

  const askers = cluster.nodes.map((node) => node.name).filter((node) => from.includes(node));
  const fault = objectFault({ target, askers, cluster, world, endpoints, selected, intended, selectsNothing });
  return { rungs, endpoints, candidates: (fault?.leadsTo ?? []).filter((e) => !endpoints.includes(e)), fault };
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
