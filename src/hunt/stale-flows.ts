import { type Ip, sameIp } from "../facts/ip.ts";
import { sysctlNamed } from "../facts/lookup/sysctls.ts";
import type { ConntrackEntry, Netns } from "../facts/netns.ts";
import { netnsWith, type World } from "../facts/world.ts";
import { endpointsBehind, type Target } from "../think/symptom/target.ts";
import type { Trial } from "./examination.ts";
import type { Field } from "./field.ts";
import { type Place, placeOf } from "./place.ts";
import { makeTrial } from "./trials.ts";

const UDP = 17;
const MOST_FLOWS = 8;
/** Who paused for longer may have ended. */
const RECENT_S = 10;

export interface StaleFlow {
  readonly trial: Trial;
  /** Its client sent a moment before the entry was read; false also where that cannot be told. */
  readonly wasSending: boolean;
}

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
): readonly StaleFlow[] {
  const { service, protocol, port, ip, alsoAt = [] } = target;
  if (service === null || service.through === "headless" || protocol !== "udp") return [];
  const listed = endpointsBehind(field.cluster, target);
  const isStale = ({ protocol: number, original, reply }: ConntrackEntry): boolean =>
    number === UDP &&
    original.dport === port &&
    [ip, ...alsoAt].some((own) => sameIp(own, original.dst)) &&
    !listed.some((e) => sameIp(e.ip, reply.src) && e.port === reply.sport);
  const { world } = field;
  const stale = [...world.netns.values()].flatMap((netns) => {
    const { name, conntrack } = netns;
    return name === "host" && conntrack.known
      ? conntrack.value.filter(isStale).map((entry) => ({ entry, wasSending: wasSending(netns, entry) }))
      : [];
  });
  const found = stale.flatMap(({ entry: { original }, ...rest }, i): readonly StaleFlow[] => {
    const sender = ownerOf(world, original.src);
    if (sender === null || from?.some((place) => place.netns === sender.netns) === false) return [];
    const trial = makeTrial(world, {
      id: `${prefix}o${i + 1}`,
      from: sender,
      src: original.src,
      sport: original.sport,
      dst: original.dst,
      port,
      protocol,
      url: null,
      attempts: 1,
    });
    return [{ trial, ...rest }];
  });
  return found.slice(0, MOST_FLOWS);
}

/** Each packet sets an entry's timer anew (nf_conntrack_udp_packet): what has run down of it is how long ago the last one was. */
function wasSending({ sysctls }: Netns, { assured, timeoutS }: ConntrackEntry): boolean {
  const key = `net.netfilter.nf_conntrack_udp_timeout${assured ? "_stream" : ""}`;
  const full = sysctls.known ? sysctlNamed(sysctls.value, key) : null;
  const passedS = full === null ? Number.NaN : Number(full.value) - timeoutS;
  return passedS >= 0 && passedS <= RECENT_S;
}

/** The one namespace that has the address; null where none or several have. */
function ownerOf(world: World, ip: Ip): Place | null {
  const [owner, ...others] = netnsWith(world, ip);
  return owner === undefined || others.length > 0 ? null : placeOf(world, owner.id);
}
