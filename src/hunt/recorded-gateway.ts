import type { Pod } from "../facts/cluster.ts";
import { podKey } from "../facts/cluster.ts";
import { sameIp } from "../facts/ip.ts";
import { netnsId } from "../facts/provenance.ts";
import { type Unanswered, type Upstream, waitedFor } from "../think/symptom/upstream.ts";
import type { Field } from "./field.ts";
import type { Investigation } from "./investigation.ts";
import { lostBeside, usedInVain } from "./lost-services.ts";
import { isLostOnRecord } from "./outcome.ts";
import { podPlace } from "./place.ts";
import { isMute, type Recording, recordingOf } from "./recorded.ts";
import { examineRecorded } from "./recorded-tries.ts";

export interface RecordedGateway {
  readonly pod: Pod;
  /** Its connections that failed while it was recorded. */
  readonly unanswered: readonly Unanswered[];
  /** Whom it may ask and would not reach, where nothing tells whom it asks. */
  readonly guessed: readonly Upstream[];
}

/**
 * A pod that serves the symptom and that waited, when it was recorded, for somebody of the cluster is what a 502 comes from: its own
 * flow is followed then. Where nothing was captured, so is that to whom it used before and would not reach now, else to a
 * Service of its own namespace that it would not reach. Null where the symptom's own packets are lost, or nobody waits.
 */
export async function recordedGateway(field: Field, faced: Investigation): Promise<RecordedGateway | null> {
  const { cluster } = field;
  if (faced.target.url === null || isLostOnRecord(faced)) return null;
  const recording = await recordingOf(field);
  const { pod: target } = faced.target;
  const serving = cluster.pods.filter((p) =>
    faced.endpoints.some((e) => e.pod !== null && podKey(e.pod) === podKey(p)),
  );
  const pods = target === null ? serving : [target];
  for (const pod of pods) {
    const unanswered = unansweredOn(field, pod, recording);
    if (upstreamsOf(field, pod, unanswered).some(isOfCluster)) return { pod, unanswered, guessed: [] };
  }
  // Who was watched, and waited for nobody, did well.
  if (!isMute(recording)) return null;
  for (const pod of pods) {
    const guessed = usedInVain(field, pod);
    if (guessed.length > 0) return { pod, unanswered: [], guessed };
  }
  for (const pod of pods) {
    const beside = await lostBeside(field, pod);
    if (beside !== null) return { pod, unanswered: [], guessed: [beside] };
  }
  return null;
}

/** A connection to a Service: other things that a pod waits for say little of the symptom. */
export function isOfCluster(upstream: Upstream): boolean {
  return upstream.protocol === "tcp" && upstream.service !== null;
}

/** What leaves a node's own network is not only one pod's. */
function unansweredOn({ world }: Field, pod: Pod, recording: Recording): readonly Unanswered[] {
  const place = pod.hostNetwork ? null : podPlace(world, pod);
  if (place === null) return [];
  const own = recording.flows.filter(
    ({ sender, protocol }) => sender.stranger === null && sender.netns === place.netns && protocol === "tcp",
  );
  const isTo = (a: (typeof own)[number]) => (b: (typeof own)[number]) => sameIp(a.dst, b.dst) && a.dport === b.dport;
  return own
    .filter((flow, i) => own.findIndex(isTo(flow)) === i)
    .map((first): Unanswered => {
      const { dst, dport: port } = first;
      const alike = own.filter(isTo(first));
      const want = { id: "g", from: first.sender, dst, port, protocol: "tcp" } as const;
      const { tries } = examineRecorded(world, recording, want, alike).tried;
      const failed = alike.filter((_, i) => tries[i]?.answered === false);
      const requests = failed.filter(({ outcome }) => outcome === "answered").length;
      return { ip: dst, port, connects: failed.length - requests, requests };
    })
    .filter(({ connects, requests = 0 }) => connects + requests > 0);
}

function upstreamsOf({ world, cluster }: Field, pod: Pod, unanswered: readonly Unanswered[]): readonly Upstream[] {
  const place = podPlace(world, pod);
  const sockets = place === null ? undefined : world.netns.get(place.netns)?.sockets;
  // Of one look: what is not acknowledged then may be a moment later.
  const connecting = sockets?.known ? sockets.value.filter((s) => s.state === "SYN-SENT") : [];
  const tracked = pod.node === null ? undefined : world.netns.get(netnsId(pod.node, "host"))?.conntrack;
  return waitedFor(pod.ips, connecting, tracked?.known ? tracked.value : [], unanswered, cluster);
}
