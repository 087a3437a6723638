import type { Pod } from "../facts/cluster.ts";
import { netnsId } from "../facts/provenance.ts";
import { type Upstream, usedServices } from "../think/symptom/upstream.ts";
import { arrives } from "../think/walk/branch.ts";
import type { Field } from "./field.ts";
import { podPlace } from "./place.ts";
import { makeTrial } from "./trials.ts";

/**
 * The Services that a pod has used and that it would not reach now, by the walk. A gateway whose connections are refused at once,
 * or that nobody watches, shows nobody that it waits for: of whom it uses it cannot do without, as far as anybody can tell.
 * Of a pod on its node's network nothing is said: what leaves from there is not only its own.
 */
export function usedInVain({ world, cluster }: Field, pod: Pod): readonly Upstream[] {
  const place = pod.hostNetwork ? null : podPlace(world, pod);
  const tracked = place === null ? undefined : world.netns.get(netnsId(place.node, "host"))?.conntrack;
  if (place === null || tracked?.known !== true) return [];
  return usedServices(pod.ips, tracked.value, cluster).filter(({ ip, port, protocol }) => {
    const want = { id: "u", from: place, dst: ip, port, protocol, url: null, attempts: 1 };
    return makeTrial(world, want).walk.branches.some((branch) => arrives(branch) === false);
  });
}
