import type { Ip } from "../../facts/ip.ts";
import { linkNamed } from "../../facts/lookup/links.ts";
import type { Link, Netns, Tuple } from "../../facts/netns.ts";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NetnsId, Provenance } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import type { Branch, Flow, Step } from "./branch.ts";
import type { Disposition } from "./dispositions.ts";
import type { Connection } from "./netfilter/contract.ts";
import type { Packet } from "./packet.ts";
import type { Read } from "./reads.ts";
import type { Stage } from "./stage.ts";
import type { StepKind } from "./steps.ts";

/** What comes next: another stage, or the end of this branch. */
export type Move =
  | { readonly traveller: Traveller; readonly go: Stage }
  | { readonly traveller: Traveller; readonly branch: Branch };

export interface Ending {
  readonly disposition: Disposition;
  readonly netns: NetnsId;
  readonly link: string | null;
  readonly decidedBy: readonly Read[];
}

/** Why a question has no answer, and the fact that could not be judged, if there is one. */
export interface NotKnown {
  readonly why: Phrase;
  readonly because: Provenance | null;
}

/** Takes moves to their ends, or until a stage where to stop; says how many stopped there. */
export type Drive = (
  moves: readonly Move[],
  stop: (stage: Stage) => boolean,
) => { readonly ended: readonly Branch[]; readonly stopped: number };

/** By place among a packet's headers; null for those that are not of IP. */
export type Ttls = readonly (number | null)[];

/**
 * One packet under way: an skb with its trail. Where chance decides it is forked; nothing that one fork does is
 * seen by another.
 */
export class Traveller {
  readonly world: World;
  readonly flow: Flow;
  readonly leg: "request" | "reply";
  weight: number | null;
  packet: Packet;
  /** skb->_nfct: the conntrack entry of the packet as it is now, in the netns where it is now. */
  connection: Connection | null = null;
  /** Of every netns that it has crossed, by netns. */
  readonly connections: Map<NetnsId, readonly Connection[]>;
  /** Where a REDIRECT handed it to a local process. */
  readonly redirectedIn: Set<NetnsId>;
  /** For a reply: the tuple that it must have to reach the sender's socket. */
  awaited: Tuple | null = null;
  /** What chose the MAC address of the frame that it is in now, and for which next hop. */
  resolvedBy: { readonly read: Read; readonly ip: Ip } | null = null;
  /** Ports on which bridges saw a MAC address during this walk, by netns, bridge and address. */
  readonly learned: Map<string, string>;
  /** Neighbours that hosts learnt from questions they were asked during this walk, by netns, link and address. */
  readonly heard: Map<string, string>;
  /** MAC addresses that answered ARP during this walk: the bridges on the way have seen where they are. */
  readonly answered: Set<string>;
  /** Where VXLAN devices learnt during this walk that a MAC address is, by netns, device and address. */
  readonly snooped: Map<string, Ip>;
  /** Walks a packet that is sent on behalf of this one (an answer to ARP). */
  drive: Drive | null = null;
  /** It stands for an answer to ARP, whose own frames carry no IP. */
  isArp = false;
  /** The VLAN tag that it carries on the wire; null: none. */
  vlan: number | null = null;
  /** Bridges that it crossed out of netfilter's sight: the switch that was off, by netns. */
  readonly unseenBy: Map<NetnsId, readonly Read[]>;
  readonly steps: Step[];
  readonly reads: Read[];
  /** Where it came in, under which headers, and with which TTL in each of them. */
  readonly visited: Map<string, Ttls>;
  /** It goes round: what led it there. The last round is walked, for that is where its TTL runs out. */
  loop: readonly Read[] | null = null;

  constructor(world: World, flow: Flow, leg: "request" | "reply", weight: number | null, packet: Packet) {
    this.world = world;
    this.flow = flow;
    this.leg = leg;
    this.weight = weight;
    this.packet = packet;
    this.connections = new Map();
    this.unseenBy = new Map();
    this.redirectedIn = new Set();
    this.learned = new Map();
    this.heard = new Map();
    this.answered = new Set();
    this.snooped = new Map();
    this.steps = [];
    this.reads = [];
    this.visited = new Map();
  }

  /** Another way that it may go, with this share of its chance. */
  fork(share: number | null): Traveller {
    const weight = this.weight === null || share === null ? null : this.weight * share;
    const other = new Traveller(this.world, this.flow, this.leg, weight, this.packet);
    other.connection = this.connection;
    other.awaited = this.awaited;
    other.resolvedBy = this.resolvedBy;
    other.vlan = this.vlan;
    other.isArp = this.isArp;
    for (const [mac, port] of this.learned) other.learned.set(mac, port);
    other.drive = this.drive;
    for (const mac of this.answered) other.answered.add(mac);
    for (const [mac, remote] of this.snooped) other.snooped.set(mac, remote);
    for (const [address, mac] of this.heard) other.heard.set(address, mac);
    for (const netns of this.redirectedIn) other.redirectedIn.add(netns);
    for (const [netns, some] of this.connections) other.connections.set(netns, some);
    for (const [netns, some] of this.unseenBy) other.unseenBy.set(netns, some);
    other.steps.push(...this.steps);
    other.reads.push(...this.reads);
    for (const [place, ttls] of this.visited) other.visited.set(place, ttls);
    other.loop = this.loop;
    return other;
  }

  /** One fork for each way; the last goes on as this traveller itself. */
  split<T>(ways: readonly T[], share: (way: T) => number | null, go: (fork: Traveller, way: T) => readonly Move[]) {
    if (ways.length === 1) {
      const only = ways[0] as T;
      const part = share(only);
      if (part === null) this.weight = null;
      return go(this, only);
    }
    return ways.flatMap((way) => go(this.fork(share(way)), way));
  }

  readonly ask = (read: Read): void => {
    this.reads.push(read);
  };

  step(kind: StepKind, netns: NetnsId, link: string | null, detail: Phrase, because: Provenance | null = null): void {
    this.steps.push({ kind, netns, link, packet: this.packet, because, detail, readsTo: this.reads.length });
  }

  go(stage: Stage): readonly Move[] {
    return [{ traveller: this, go: stage }];
  }

  end(ending: Ending): readonly Move[] {
    return [{ traveller: this, branch: this.#branch(ending, null) }];
  }

  /** @param decidedBy the question that has no answer, where it is one of the reads */
  unknown(
    netns: NetnsId,
    link: string | null,
    what: NotKnown,
    decidedBy: readonly Read[] = [],
    disposition: "UNKNOWN" | "LEFT_CLUSTER" = "UNKNOWN",
  ): readonly Move[] {
    return [{ traveller: this, branch: this.#branch({ disposition, netns, link, decidedBy }, what) }];
  }

  #branch(ending: Ending, unknown: NotKnown | null): Branch {
    return {
      weight: this.weight,
      steps: this.steps,
      reads: this.reads,
      end: ending.disposition,
      netns: ending.netns,
      link: ending.link,
      decidedBy: ending.decidedBy,
      unknown,
      destination: destinationOf(this.packet),
      reply: [],
    };
  }

  netns(id: NetnsId): Netns {
    const netns = this.world.netns.get(id);
    if (netns === undefined) throw new Error(`the walk stands in ${id}, which is not in the world`);
    return netns;
  }

  /** Leaves the headers that carry it inside a netns alone and drops what is bound to the old place. */
  forgetConnection(): void {
    this.connection = null;
    this.packet = { ...this.packet, ct: "NEW" };
  }

  knowsConnection(netns: NetnsId, connection: Connection): void {
    const others = (this.connections.get(netns) ?? []).filter((c) => !sameOriginal(c, connection));
    this.connections.set(netns, [...others, connection]);
  }
}

function sameOriginal(a: Connection, b: Connection): boolean {
  return (
    a.protocol === b.protocol &&
    a.original.src.text === b.original.src.text &&
    a.original.dst.text === b.original.dst.text &&
    a.original.sport === b.original.sport &&
    a.original.dport === b.original.dport
  );
}

/** Where the innermost packet is headed. */
function destinationOf(packet: Packet): { readonly ip: Ip; readonly port: number } {
  const at = packet.headers.findLastIndex((h) => h.kind === "ip");
  const header = packet.headers[at];
  const transport = packet.headers[at + 1];
  if (header?.kind !== "ip") throw new Error("a packet without an IP header");
  const port = transport?.kind === "tcp" || transport?.kind === "udp" ? transport.dport : 0;
  return { ip: header.dst, port };
}

/** The link, or why it is not known. */
export function linkIn(netns: Netns, name: string): Link | NotKnown {
  if (!netns.links.known)
    return { why: phrase("links-unknown", { netns: netns.id, why: netns.links.why }), because: null };
  return (
    linkNamed(netns.links.value, name) ?? {
      why: phrase("no-such-link", { netns: netns.id, link: name }),
      because: null,
    }
  );
}

export function isNotKnown(value: object): value is NotKnown {
  return "why" in value && "because" in value && !("name" in value);
}
