import type { Ip } from "../../facts/ip.ts";
import { sameIp } from "../../facts/ip.ts";
import type { NetnsId } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import { arrives, type Branch, failingLeg, type Flow, type Walk } from "../walk/branch.ts";
import { expectedPoints, type Point, samePlace } from "./points.ts";

/** One try of a flow, as it went and as it was seen. */
export interface Try {
  readonly answered: boolean;
  /** answered, refused, unreachable, timeout, reset, or an HTTP status. */
  readonly outcome: string;
  /** Until the answer; null where it is not known. */
  readonly ms: number | null;
  /** Null: no capture ran, or none could tell this try apart. */
  readonly trail: Trail | null;
}

export interface Trail {
  /** Sightings of this try's own packets, each netns in file order. A reply counts when it accepts: SYN-ACK, echo reply, an answer. */
  readonly points: readonly Point[];
  /** Where the request was last seen headed, after NAT; null when it was not seen. */
  readonly destination: { readonly ip: Ip; readonly port: number } | null;
}

/** A flow that was walked and, unless offline, tried. */
export interface Tried {
  readonly id: string;
  readonly flow: Flow;
  readonly walk: Walk;
  readonly tries: readonly Try[];
  /** The netns whose tap ran all the time and lost nothing: only their silence counts. */
  readonly trusted: ReadonlySet<NetnsId>;
}

/** Tries of one flow that failed alike, held against one branch of its walk. */
export interface Suspect {
  readonly tried: Tried;
  /** The branch that these tries took, as far as that can be told. */
  readonly branch: Branch;
  readonly attempts: number;
  readonly failed: number;
  /** Where the walk says that it ends; null when the walk says that it arrives. */
  readonly predicted: { readonly leg: "request" | "reply"; readonly at: Branch } | null;
  /** What the walk expects before it ends, in order, and how often each was seen; null where silence proves nothing. */
  readonly hops: readonly { readonly point: Point; readonly seen: number | null }[];
  /** The last sighting in walk order; null when nothing was seen, or nothing was tapped. */
  readonly lastHop: Point | null;
  /** What comes after it: by the walk, or by the walk of a healthy way when this one ends there. */
  readonly next: Point | null;
  /** How many of the failed tries were last seen there. */
  readonly lastSeen: number;
  /** Sightings that the walk did not expect: the packet went elsewhere. */
  readonly offPath: readonly Point[];
  /** Some of them lie past the end that the walk foretells. */
  readonly wentOn: boolean;
  /**
   * `agree`: last seen where the walk ends it, and not after. `consistent`: seen on that way as far as taps reach, which is not
   * to its end. `unwitnessed`: no capture.
   */
  readonly witness: "agree" | "consistent" | "dissent" | "unwitnessed";
  readonly outcomes: readonly string[];
}

/** Branches of a flow that failed, or that the walk says will: one suspect for each. */
export function suspectsOf(tried: Tried): readonly Suspect[] {
  const byBranch = new Map<Branch, Try[]>();
  for (const attempt of tried.tries) {
    const branch = branchOf(tried.walk, attempt);
    if (branch !== null) byBranch.set(branch, [...(byBranch.get(branch) ?? []), attempt]);
  }
  const suspects: Suspect[] = [];
  for (const branch of tried.walk.branches) {
    const tries = byBranch.get(branch) ?? [];
    const failed = tries.filter((t) => !t.answered);
    const doomed = arrives(branch) === false;
    if (failed.length > 0 || (doomed && tries.length === 0)) suspects.push(judge(tried, branch, tries, failed));
  }
  return suspects;
}

/** By the destination after NAT where it was seen, else by what was seen, else by what could have failed so. */
function branchOf(walk: Walk, attempt: Try): Branch | null {
  const { branches } = walk;
  if (branches.length <= 1) return branches[0] ?? null;
  const { trail } = attempt;
  const destination = trail?.destination ?? null;
  const headed =
    destination === null
      ? []
      : branches.filter((b) => sameIp(b.destination.ip, destination.ip) && b.destination.port === destination.port);
  if (headed.length === 1) return headed[0] ?? null;
  const candidates = headed.length > 0 ? headed : branches;
  const known = candidates.filter((b) => (arrives(b) === false) === !attempt.answered);
  // What failed went rather where nobody knows than where all arrives.
  const fitting = known.length > 0 ? known : candidates.filter((b) => arrives(b) === null);
  const pool = fitting.length > 0 ? fitting : candidates;
  if (trail === null) return pool[0] ?? null;
  const score = (b: Branch): number => {
    const expected = expectedPoints(b);
    return trail.points.filter((p) => expected.some((e) => samePlace(e, p))).length;
  };
  return [...pool].sort((a, b) => score(b) - score(a))[0] ?? null;
}

function judge(tried: Tried, branch: Branch, tries: readonly Try[], failed: readonly Try[]): Suspect {
  const predicted = failingLeg(branch);
  const expected = expectedPoints(branch);
  const trails = failed.flatMap((t) => (t.trail === null ? [] : [t.trail]));
  const base = {
    tried,
    branch,
    attempts: tries.length,
    failed: failed.length,
    predicted,
    outcomes: [...new Set(failed.map((t) => t.outcome))],
  };
  if (trails.length === 0) {
    const lastPoint = expected.at(-1) ?? null;
    return {
      ...base,
      hops: expected.map((point) => ({ point, seen: null })),
      lastHop: predicted === null ? null : lastPoint,
      next: null,
      lastSeen: 0,
      offPath: [],
      wentOn: false,
      witness: "unwitnessed",
    };
  }
  const hops = countSeen(tried, expected, trails);
  const lastIndex = hops.findLastIndex((hop) => hop.seen !== null && hop.seen > 0);
  const unexpected = distinct(trails.flatMap((t) => t.points.filter((p) => !expected.some((e) => samePlace(e, p)))));
  const offPath = unexpected.filter(
    (p) =>
      !isFloodCopy(tried.walk.world, p, expected) &&
      !isHeardByAll(tried.walk.world, p, predicted) &&
      !isOverheard(tried.walk.world, p),
  );
  const against = offPath.filter((p) => !isBridgeOnTheWay(tried.walk.world, p, expected));
  const furthest = lastIndex < 0 ? (offPath.at(-1) ?? null) : (hops[lastIndex]?.point ?? null);
  // A walk that ends in the unknown says nothing against what was seen behind that.
  const isOpen =
    predicted?.at.end === "UNKNOWN" ||
    // Out of the cluster by that namespace is just what was foretold; anywhere else it came back.
    (predicted?.at.end === "LEFT_CLUSTER" &&
      offPath.every((p) => p.netns === predicted.at.netns && p.direction === "out"));
  // An answer to a request that the walk loses is against it as well.
  const wentOn = predicted !== null && against.some((p) => p.leg === predicted.leg || p.leg === "reply");
  const endsAsPredicted = predicted !== null && lastIndex === hops.length - 1 && (isOpen || !wentOn);
  // What no tap hears is not against the walk.
  const isCutShort =
    predicted !== null && offPath.length === 0 && hops.slice(lastIndex + 1).every((hop) => hop.seen === null);
  // Out by the bridge from one port to the next was before what was seen behind that port.
  const behind = offPath.filter((p) => !isBridgeOnTheWay(tried.walk.world, p, expected.slice(0, -1)));
  const lastHop = lastIndex === hops.length - 1 ? (behind.at(-1) ?? furthest) : furthest;
  return {
    ...base,
    hops,
    lastHop,
    next: hops[lastIndex + 1]?.point ?? null,
    lastSeen: lastHop === null ? 0 : trails.filter((t) => t.points.some((p) => samePlace(p, lastHop))).length,
    offPath,
    wentOn,
    witness: endsAsPredicted ? "agree" : isCutShort ? (lastIndex < 0 ? "unwitnessed" : "consistent") : "dissent",
  };
}

/** How often each place of a branch was seen by these tries; null where nothing was seen and silence proves nothing. */
function countSeen(tried: Tried, expected: readonly Point[], trails: readonly Trail[]): Suspect["hops"] {
  return expected.map((point) => {
    const seen = trails.filter((t) => t.points.some((p) => samePlace(p, point))).length;
    return { point, seen: seen > 0 || (trails.length > 0 && tried.trusted.has(point.netns)) ? seen : null };
  });
}

/**
 * What a bridge's netfilter translates goes on from port to port, or out by the bridge itself where the neighbour is not
 * confirmed just then (br_nf_pre_routing_finish_bridge): the same way, told by a state that ages.
 */
function isBridgeOnTheWay(world: World, point: Point, expected: readonly Point[]): boolean {
  if (point.direction !== "out") return false;
  const ports = new Set(
    linksOf(world.netns.get(point.netns)).flatMap((l) => (l.master === point.link ? [l.name] : [])),
  );
  return expected.some(
    (e) => e.netns === point.netns && e.leg === point.leg && e.direction === "in" && ports.has(e.link),
  );
}

/** The places of a branch that is whole, and how often its tries were seen there. */
export function hopsOf(tried: Tried, branch: Branch): Suspect["hops"] {
  const trails = tried.tries.flatMap((t) => (t.trail !== null && branchOf(tried.walk, t) === branch ? [t.trail] : []));
  return countSeen(tried, expectedPoints(branch), trails);
}

/**
 * A bridge that does not know a MAC address sends the frame out of every port (br_flood): the copies at other ports, and in the
 * pods behind them, are not where the packet was going.
 */
function isFloodCopy(world: World, point: Point, expected: readonly Point[]): boolean {
  const ports = world.wires.flatMap((w) =>
    w.kind === "veth"
      ? w.ends.filter(
          (e) =>
            w.ends.some((o) => o.netns === point.netns && o.link === point.link) &&
            !(e.netns === point.netns && e.link === point.link),
        )
      : [],
  );
  const here = [{ netns: point.netns, link: point.link }, ...ports];
  return here.some(({ netns, link }) => {
    const master = linksOf(world.netns.get(netns)).find((l) => l.name === link)?.master ?? null;
    return (
      master !== null &&
      expected.some((e) => e.netns === netns && e.link === master && e.direction === "out" && e.leg === point.leg)
    );
  });
}

/** What is sent to a MAC address that nobody on a segment has, its switch sends to all: they hear it, and none of them takes it. */
function isHeardByAll(world: World, point: Point, predicted: Suspect["predicted"]): boolean {
  if (predicted === null || point.leg !== predicted.leg || point.direction === "out") return false;
  // A switch that has forgotten a MAC address sends to all as well: for a bridge's port that is for others like all it passes on.
  if (predicted.at.end !== "WRONG_MAC" && point.forOthers !== true) return false;
  const { netns, link } = predicted.at;
  return world.wires.some(
    ({ kind, ends }) =>
      kind === "segment" &&
      ends.some((end) => end.netns === netns && end.link === link) &&
      ends.some((end) => end.netns === point.netns && end.link === point.link),
  );
}

/** A bridge takes what is for others and passes it on; a link of its own hears it and lets it be (ip_rcv: PACKET_OTHERHOST). */
function isOverheard(world: World, { netns, link, forOthers }: Point): boolean {
  if (forOthers !== true) return false;
  return linksOf(world.netns.get(netns)).some((l) => l.name === link && l.master === null && l.kind !== "bridge");
}

function distinct(points: readonly Point[]): readonly Point[] {
  return points.filter((p, i) => points.findIndex((q) => samePlace(q, p)) === i);
}
