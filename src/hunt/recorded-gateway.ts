import type { Pod } from "../facts/cluster.ts";
import { podKey } from "../facts/cluster.ts";
import { netnsId } from "../facts/provenance.ts";
import type { World } from "../facts/world.ts";
import { type Upstream, waitedFor } from "../think/symptom/upstream.ts";
import { unansweredConnects } from "../witness/correlate/unanswered.ts";
import type { Frame } from "../witness/sighting.ts";
import type { Field } from "./field.ts";
import type { Investigation } from "./investigation.ts";
import { isLostOnRecord } from "./outcome.ts";
import { podPlace } from "./place.ts";

/**
 * A recording has no HTTP status. A pod that serves the symptom and that waited, when it was recorded, for somebody of the cluster
 * is what a 502 comes from: its own flow is followed then. Null where the symptom's own packets are lost, or nobody waits.
 */
export function recordedGateway(field: Field, faced: Investigation): Pod | null {
  const { cluster, world } = field;
  if (faced.target.url === null || isLostOnRecord(faced)) return null;
  const { pod: target } = faced.target;
  const serving = cluster.pods.filter((p) =>
    faced.endpoints.some((e) => e.pod !== null && podKey(e.pod) === podKey(p)),
  );
  for (const pod of target === null ? serving : [target]) {
    if (upstreamsOf(world, pod, field, faced.examination.frames).some(isOfCluster)) return pod;
  }
  return null;
}

/** A connection to a Service: other things that a pod waits for say little of the symptom. */
export function isOfCluster(upstream: Upstream): boolean {
  return upstream.protocol === "tcp" && upstream.service !== null;
}

function upstreamsOf(world: World, pod: Pod, { cluster }: Field, frames: readonly Frame[]): readonly Upstream[] {
  const place = podPlace(world, pod);
  const sockets = place === null ? undefined : world.netns.get(place.netns)?.sockets;
  // Of one look: what is not acknowledged then may be a moment later.
  const connecting = sockets?.known ? sockets.value.filter((s) => s.state === "SYN-SENT") : [];
  const tracked = pod.node === null ? undefined : world.netns.get(netnsId(pod.node, "host"))?.conntrack;
  const unanswered = place === null || pod.hostNetwork ? [] : unansweredConnects(frames, place.netns);
  return waitedFor(pod.ips, connecting, tracked?.known ? tracked.value : [], unanswered, cluster);
}
