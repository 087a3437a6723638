import type { Pod } from "../facts/cluster.ts";
import { netnsId } from "../facts/provenance.ts";
import { servicesBeside, type Upstream, upstreamTarget, usedServices } from "../think/symptom/upstream.ts";
import { arrives } from "../think/walk/branch.ts";
import type { Trial } from "./examination.ts";
import { type Field, Notebook } from "./field.ts";
import { podPlace } from "./place.ts";
import { reckon } from "./reckon.ts";
import { climbObjects } from "./rungs/objects.ts";
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
 * Of the Services of a pod's own namespace the first that it would not reach, by a fault that can be named and cured: what a policy
 * means, and what nobody can explain, says nothing of whether the pod needs it. Null: none.
 */
export async function lostBeside(field: Field, pod: Pod): Promise<Upstream | null> {
  for (const beside of servicesBeside(pod, field.cluster).slice(0, MOST_BESIDE)) {
    const trial = lostTrial(field, pod, beside);
    if (trial !== null && (await isCurable(field, beside, trial))) return beside;
  }
  return null;
}

/** The Service itself is wrong, or something on the way to its endpoints. */
async function isCurable(field: Field, upstream: Upstream, { probe, flow, walk }: Trial): Promise<boolean> {
  const objects = climbObjects(
    upstreamTarget(upstream, field.cluster, field.world),
    [probe.from.node],
    field.cluster,
    field.world,
    "",
  );
  if (objects.fault !== null) return objects.fault.repair !== null;
  const tried = { id: probe.id, flow, walk, tries: [], trusted: new Set([flow.from]) };
  const [cause] = (await reckon(field, [tried], [], new Map(), [], new Notebook())).causes;
  return cause !== undefined && cause.confidence !== "suspected" && (cause.edits.length > 0 || cause.api != null);
}

/** The walk of a connection from the pod, where a branch of it is lost. */
function lostTrial({ world }: Field, pod: Pod, { ip, port, protocol }: Upstream): Trial | null {
  const place = pod.hostNetwork ? null : podPlace(world, pod);
  if (place === null) return null;
  const trial = makeTrial(world, { id: "u", from: place, dst: ip, port, protocol, url: null, attempts: 1 });
  return trial.walk.branches.some((branch) => arrives(branch) === false) ? trial : null;
}
