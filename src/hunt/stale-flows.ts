import { type Ip, sameIp } from "../facts/ip.ts";
import type { ConntrackEntry } from "../facts/netns.ts";
import { netnsWith, type World } from "../facts/world.ts";
import { endpointsBehind, type Target } from "../think/symptom/target.ts";
import type { Trial } from "./examination.ts";
import type { Field } from "./field.ts";
import { type Place, placeOf } from "./place.ts";
import { makeTrial } from "./trials.ts";

const UDP = 17;
const MOST_FLOWS = 8;

/**
 * Flows under way whose node still sends them to an address that is no endpoint of the Service, ready or not: kube-proxy deletes
 * such entries (pkg/proxy/conntrack/cleanup.go), and where it did not, a client that never pauses keeps its own alive, while
 * every new flow is well. UDP alone: an entry lives for as long as its client sends (nf_conntrack_udp_timeout), where one of
 * TCP outlives it by days. They are listened to, for nothing of ours can be sent from a port that is in use.
 * @param from null: whoever sends
 */
export function staleFlows(
  field: Field,
  target: Target,
  from: readonly Place[] | null,
  prefix: string,
): readonly Trial[] {
  const { service, protocol, port, ip, alsoAt = [] } = target;
  if (service === null || service.through === "headless" || protocol !== "udp") return [];
  const listed = endpointsBehind(field.cluster, target);
  const isStale = ({ protocol: number, original, reply }: ConntrackEntry): boolean =>
    number === UDP &&
    original.dport === port &&
    [ip, ...alsoAt].some((own) => sameIp(own, original.dst)) &&
    !listed.some((e) => sameIp(e.ip, reply.src) && e.port === reply.sport);
  const { world } = field;
  const stale = [...world.netns.values()].flatMap(({ name, conntrack }) =>
    name === "host" && conntrack.known ? conntrack.value.filter(isStale) : [],
  );
  const trials = stale.flatMap(({ original }, i): readonly Trial[] => {
    const sender = ownerOf(world, original.src);
    if (sender === null || from?.some((place) => place.netns === sender.netns) === false) return [];
    return [
      makeTrial(world, {
        id: `${prefix}o${i + 1}`,
        from: sender,
        src: original.src,
        sport: original.sport,
        dst: original.dst,
        port,
        protocol,
        url: null,
        attempts: 1,
      }),
    ];
  });
  return trials.slice(0, MOST_FLOWS);
}

/** The one namespace that has the address; null where none or several have. */
function ownerOf(world: World, ip: Ip): Place | null {
  const [owner, ...others] = netnsWith(world, ip);
  return owner === undefined || others.length > 0 ? null : placeOf(world, owner.id);
}
