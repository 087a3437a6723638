import type { Cluster, Pod } from "../facts/cluster.ts";
import { netnsId } from "../facts/provenance.ts";
import { usableEndpoints } from "../think/intent/usable.ts";
import { endpointsOf } from "../think/symptom/target.ts";
import { servicesBeside, type Upstream, usedServices } from "../think/symptom/upstream.ts";
import { arrives } from "../think/walk/branch.ts";
import type { Trial } from "./examination.ts";
import { type Field, Notebook } from "./field.ts";
import { podPlace } from "./place.ts";
import { reckon } from "./reckon.ts";
import { makeTrial } from "./trials.ts";

/** A namespace may have hundreds; the first that is lost is as telling as any other. */
const MOST_BESIDE = 32;

/**
 * The Services that a pod has used and that it would not reach now, by the walk. A gateway whose connections are refused at once,
 * or that nobody watches, shows nobody that it waits for: of whom it uses it cannot do without, as far as anybody can tell.
 * Of a pod on its node's network nothing is said: what leaves from there is not only its own.
 */
export function usedInVain(field: Field, pod: Pod): readonly Upstream[] {
  const { world, cluster } = field;
  const tracked = pod.node === null ? undefined : world.netns.get(netnsId(pod.node, "host"))?.conntrack;
  if (tracked?.known !== true) return [];
  return usedServices(pod.ips, tracked.value, cluster).filter((used) => lostTrial(field, pod, used) !== null);
}

/**
 * Of the Services of a pod's own namespace the first that it would not reach though somebody serves it, by a fault that can be
 * named and cured: what a policy means, and what nobody can explain, says nothing of whether the pod needs it. Null: none.
 */
export async function lostBeside(field: Field, pod: Pod): Promise<Upstream | null> {
  const served = servicesBeside(pod, field.cluster).filter((beside) => isServed(field.cluster, beside));
  for (const beside of served.slice(0, MOST_BESIDE)) {
    const trial = lostTrial(field, pod, beside);
    if (trial === null) continue;
    const { id, from } = trial.probe;
    const tried = { id, flow: trial.flow, walk: trial.walk, tries: [], trusted: new Set([from.netns]) };
    const { causes } = await reckon(field, [tried], [], new Map(), [], new Notebook());
    const [cause] = causes;
    if (cause !== undefined && cause.confidence !== "suspected" && cause.edits.length > 0) return beside;
  }
  return null;
}

/** The walk of a connection from the pod, where a branch of it is lost. */
function lostTrial({ world }: Field, pod: Pod, { ip, port, protocol }: Upstream): Trial | null {
  const place = pod.hostNetwork ? null : podPlace(world, pod);
  if (place === null) return null;
  const trial = makeTrial(world, { id: "u", from: place, dst: ip, port, protocol, url: null, attempts: 1 });
  return trial.walk.branches.some((branch) => arrives(branch) === false) ? trial : null;
}

function isServed(cluster: Cluster, { service, port }: Upstream): boolean {
  const declared = service?.ports.find((one) => one.port === port && one.protocol === "TCP");
  if (service === null || declared === undefined) return false;
  return usableEndpoints(endpointsOf(cluster, service, declared)).length > 0;
}
