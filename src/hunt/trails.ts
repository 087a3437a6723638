import { type Ip, sameIp } from "../facts/ip.ts";
import type { NetnsId } from "../facts/provenance.ts";
import { expectedPoints, type Point } from "../think/explain/points.ts";
import type { Trail } from "../think/explain/suspect.ts";
import type { Walk } from "../think/walk/branch.ts";
import type { TrailPoint } from "../witness/correlate/trail-point.ts";
import type { SeenHeader } from "../witness/sighting.ts";

/** Where the packets of one attempt were seen, there and back, in walk order. */
export interface Legs {
  readonly request: readonly TrailPoint[];
  readonly reply: readonly TrailPoint[];
}

export const NOT_SEEN: Legs = { request: [], reply: [] };

/**
 * The far end's acceptance was seen where the try was sent from, and from whom it was sent to: an answer whose translation
 * nobody undid comes from a stranger, and is reset.
 */
export function cameBack(request: readonly TrailPoint[], reply: readonly TrailPoint[], sender: NetnsId): boolean {
  const asked = request.findLast(({ sighting }) => sighting.netns === sender);
  const to = asked === undefined ? null : endsOf(asked.sighting.headers);
  return accepting(reply).some(({ sighting }) => {
    const from = endsOf(sighting.headers);
    return (
      sighting.netns === sender && to !== null && from !== null && sameIp(from.src, to.dst) && from.sport === to.dport
    );
  });
}

/** The netns where a leg was last seen. */
function endOf(points: readonly TrailPoint[]): NetnsId | null {
  return points.at(-1)?.sighting.netns ?? null;
}

/** Addresses and ports of the innermost packet. */
function endsOf(headers: readonly SeenHeader[]): { src: Ip; dst: Ip; sport: number; dport: number } | null {
  const ip = headers.findLast((h) => h.kind === "ip");
  const transport = headers.findLast((h) => h.kind === "tcp" || h.kind === "udp");
  if (ip?.kind !== "ip" || (transport?.kind !== "tcp" && transport?.kind !== "udp")) return null;
  return { src: ip.src, dst: ip.dst, sport: transport.sport, dport: transport.dport };
}

function accepting(reply: readonly TrailPoint[]): readonly TrailPoint[] {
  return reply.filter(
    ({ sighting }) => !sighting.headers.some((h) => (h.kind === "tcp" && h.rst) || h.kind === "quoted"),
  );
}

/**
 * What was said on a connection that stood, where it got lost on the way: larger packets than the way takes, or a way that only
 * the first packet went. Null where the packets did their part, and where no tap can tell.
 */
export function lostOn(
  opened: Legs,
  said: Legs | undefined,
  sender: NetnsId,
  isTrusted: (netns: NetnsId) => boolean,
): Legs | null {
  const end = endOf(opened.request);
  if (said === undefined || end === null || !isTrusted(end)) return null;
  // Where the server speaks first, the first that is heard is no request.
  if (said.request.length > 0 && endOf(said.request) !== end) return { request: said.request, reply: [] };
  if (accepting(said.reply).length === 0) return null;
  if (isTrusted(sender)) return cameBack(said.request, said.reply, sender) ? null : said;
  // Where the sender was not tapped, what was said came as far back as the acceptance did.
  const home = endOf(accepting(opened.reply));
  return home === null || !isTrusted(home) || endOf(accepting(said.reply)) === home ? null : said;
}

export function toTrail(request: readonly TrailPoint[], reply: readonly TrailPoint[]): Trail {
  const points = [...request, ...accepting(reply)].map(
    ({ sighting }): Point => ({
      netns: sighting.netns,
      link: sighting.link,
      direction: sighting.direction,
      ...(sighting.forOthers === true ? { forOthers: true } : {}),
      leg: sighting.leg,
      header: sighting.header,
    }),
  );
  return { points, destination: destinationOf(request) };
}

/** Whom the last packet of a request was for. */
export function destinationOf(request: readonly TrailPoint[]): { readonly ip: Ip; readonly port: number } | null {
  const headers = request.at(-1)?.sighting.headers ?? [];
  const ends = endsOf(headers);
  if (ends !== null) return { ip: ends.dst, port: ends.dport };
  const ip = headers.findLast((h) => h.kind === "ip");
  return ip?.kind === "ip" ? { ip: ip.dst, port: 0 } : null;
}

/** Points of all branches, each once: a trail is put in order by them. */
export function distinctPoints(walk: Walk) {
  const points = walk.branches.flatMap((branch) => expectedPoints(branch));
  return points
    .filter((p): p is Point & { direction: "in" | "out" } => p.direction !== null)
    .filter(
      (p, i, all) =>
        all.findIndex(
          (q) =>
            q.netns === p.netns &&
            q.link === p.link &&
            q.direction === p.direction &&
            q.leg === p.leg &&
            q.header === p.header,
        ) === i,
    );
}
