import type { Tuple } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { NetnsId } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import { type Branch, type Flow, tapPoints, type Walk } from "./branch.ts";
import { enterBridge } from "./l2/bridge.ts";
import { forwardFrame } from "./l2/bridge-forward.ts";
import { resolveNeighbour } from "./l2/neighbour.ts";
import { receive } from "./l2/receive.ts";
import { transmit } from "./l2/transmit.ts";
import { deliver, localIn } from "./local/deliver.ts";
import { ipOutput } from "./local/ip-output.ts";
import { forward, receiveIp } from "./local/receive-ip.ts";
import { localOut, sendFrom } from "./local/send.ts";
import { firstPacket, replyPacket } from "./flow-packet.ts";
import { outerIp } from "./packet.ts";
import { portsOf, routeKeyOf, withOuterIp } from "./packet-parts.ts";
import { askSysctl } from "./sysctl.ts";
import type { Stage } from "./stage.ts";
import { type Move, Traveller } from "./traveller.ts";

export interface WalkOptions {
  /** Stages that one walk may take before what is left of it is unknown; 20000 by default. */
  readonly maxStages?: number;
}

const HANDLERS: { readonly [At in Stage["at"]]: (t: Traveller, s: Extract<Stage, { at: At }>) => readonly Move[] } = {
  "local-out": localOut,
  "ip-output": ipOutput,
  neighbour: resolveNeighbour,
  transmit,
  receive,
  bridge: enterBridge,
  "bridge-forward": forwardFrame,
  "ip-receive": receiveIp,
  forward,
  "local-in": localIn,
  deliver,
};

/**
 * Moves a packet through the facts as Linux would, and then, where it arrives, the answer back. Pure: the same world
 * and flow give the same walk. Weights of the branches add up to 1 where every chance is known.
 */
export function walk(world: World, flow: Flow, options: WalkOptions = {}): Walk {
  const budget = { stages: options.maxStages ?? 20_000 };
  const traveller = new Traveller(world, flow, "request", 1, firstPacket(flow, flow.src));
  traveller.drive = (moves, stop) => drive(moves, budget, stop);
  if (!world.netns.has(flow.from)) {
    const branches = branchesOf(
      traveller.unknown(flow.from, null, { why: phrase("not-collected", { netns: flow.from }), because: null }),
    );
    return { world, flow, branches };
  }
  const ended = run(
    flow.entersBy === undefined ? sendFirst(traveller, flow) : enter(traveller, flow.from, flow.entersBy),
    budget,
  );
  const branches = ended.map(({ traveller: arrived, branch }) => {
    if (branch.end !== "DELIVERED" && branch.end !== "PROXIED") return branch;
    return { ...branch, reply: walkReply(arrived, branch, budget) };
  });
  return { world, flow, branches: joinAlike(branches) };
}

/** Of the ways whose chance is not known, those that nobody could tell apart (by a mark, by the order of two chains) are one. */
function joinAlike(branches: readonly Branch[]): readonly Branch[] {
  const seen = new Set<string>();
  return branches.filter((branch) => {
    if (branch.weight !== null) return true;
    const look = JSON.stringify([branch, ...branch.reply].map(lookOf));
    return !seen.has(look) && seen.add(look);
  });
}

/** The taps that it passes, with what they see, and where, how and by what it ends. */
function lookOf(branch: Branch): readonly string[] {
  const { end, netns, link, destination, unknown, decidedBy } = branch;
  const by = JSON.stringify([unknown?.why, decidedBy], (_key, v) => (typeof v === "bigint" ? String(v) : v));
  const taps = tapPoints({ ...branch, reply: [] }).map(({ netns: at, link: by, direction, packet }) => {
    const { src, dst } = outerIp(packet);
    return `${at} ${by} ${direction} ${src.text} ${dst.text}`;
  });
  return [end, `${netns} ${link}`, `${destination.ip.text} ${destination.port}`, by, ...taps];
}

function sendFirst(traveller: Traveller, flow: Flow): readonly Move[] {
  const ttl = defaultTtl(traveller, flow.from);
  return sendFrom(traveller, {
    netns: flow.from,
    link: null,
    madeBy: null,
    fits: flow.protocol === "tcp" ? "segments" : "fragments",
    key: { ...routeKeyOf(traveller.packet, { iif: "lo", oif: null }), src: flow.src },
    packet: (src) => withOuterIp(firstPacket(flow, src), { ttl }),
  });
}

/** From the wire, as its sender's last router left it: nothing is known of the way before. */
function enter(
  traveller: Traveller,
  netns: NetnsId,
  by: { readonly link: string; readonly vlan: number | null },
): readonly Move[] {
  traveller.vlan = by.vlan;
  return traveller.go({ at: "receive", netns, link: by.link });
}

/** From the socket that took the request, by the connections that it left behind on its way. */
function walkReply(arrived: Traveller, branch: Branch, budget: { stages: number }): readonly Branch[] {
  const { world, flow } = arrived;
  const back = new Traveller(
    world,
    flow,
    "reply",
    1,
    replyPacket(arrived.packet, flow.replyBytes ?? arrived.packet.bytes),
  );
  for (const [netns, connections] of arrived.connections) back.connections.set(netns, connections);
  for (const [mac, port] of arrived.learned) back.learned.set(mac, port);
  for (const [address, mac] of arrived.heard) back.heard.set(address, mac);
  for (const mac of arrived.answered) back.answered.add(mac);
  for (const [mac, remote] of arrived.snooped) back.snooped.set(mac, remote);
  back.drive = arrived.drive;
  back.awaited = awaitedTuple(arrived, flow);
  const packet = withOuterIp(back.packet, { ttl: defaultTtl(back, branch.netns) });
  const moves = sendFrom(back, {
    netns: branch.netns,
    link: null,
    madeBy: null,
    fits: flow.protocol === "tcp" ? "segments" : "fragments",
    key: routeKeyOf(packet, { iif: "lo", oif: null }),
    packet: () => packet,
  });
  return run(moves, budget).map((e) => e.branch);
}

/** Unread it is the kernel's own default. */
function defaultTtl(traveller: Traveller, from: NetnsId): number {
  return askSysctl(traveller.netns(from), "net.ipv4.ip_default_ttl", traveller.ask).value ?? 64;
}

/** The request's source as its sender chose it, and the destination that it named. */
function awaitedTuple(arrived: Traveller, flow: Flow): Tuple {
  const sent = arrived.steps[0]?.packet ?? arrived.packet;
  return {
    src: flow.dst,
    dst: outerIp(sent).src,
    sport: portsOf(sent)?.dport ?? 0,
    dport: portsOf(sent)?.sport ?? 0,
  };
}

type Ended = Extract<Move, { readonly branch: Branch }>;

function drive(moves: readonly Move[], budget: { stages: number }, stop: (stage: Stage) => boolean) {
  let stopped = 0;
  const ended = run(moves, budget, (stage) => {
    if (!stop(stage)) return false;
    stopped += 1;
    return true;
  });
  return { ended: ended.map((e) => e.branch), stopped };
}

/** Depth first, so that branches come in the order in which the rules name them. */
function run(
  moves: readonly Move[],
  budget: { stages: number },
  stop: (stage: Stage) => boolean = () => false,
): readonly Ended[] {
  const ended: Ended[] = [];
  const open = [...moves].reverse();
  for (let move = open.pop(); move !== undefined; move = open.pop()) {
    if ("branch" in move) {
      ended.push(move);
      continue;
    }
    if (stop(move.go)) continue;
    budget.stages -= 1;
    if (budget.stages < 0) {
      open.push(...move.traveller.unknown(move.go.netns, null, { why: phrase("walk-too-long"), because: null }));
      continue;
    }
    open.push(...handle(move.traveller, move.go).toReversed());
  }
  return ended;
}

function handle(traveller: Traveller, stage: Stage): readonly Move[] {
  const handler = HANDLERS[stage.at] as (t: Traveller, s: Stage) => readonly Move[];
  return handler(traveller, stage);
}

function branchesOf(moves: readonly Move[]): readonly Branch[] {
  return moves.flatMap((m) => ("branch" in m ? [m.branch] : []));
}
