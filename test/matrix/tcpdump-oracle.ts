import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Printed, readTcpdumpText } from "./tcpdump-text.ts";

/**
 * Where a packet really died, told from the text that stock tcpdump prints on all interfaces of every namespace. All
 * namespaces of a lab share one clock, so here (and only here) time orders sightings.
 */

export interface TappedPlace {
  readonly node: string;
  /** `host` or `pod:NAMESPACE/NAME`, as in a verdict. */
  readonly netns: string;
  /** Name under /run/netns. */
  readonly name: string;
  /** The switch between the machines, which on a real network nobody can tap. */
  readonly isFabric: boolean;
  /** The port of the node's bridge (or its routed link) that leads to this pod. */
  readonly behind: { readonly node: string; readonly interface: string; readonly isPort: boolean } | null;
}

export interface Seen extends Printed {
  readonly place: TappedPlace;
}

export interface OracleHop {
  readonly node: string;
  readonly netns: string;
  readonly interface: string;
  readonly direction: "in" | "out";
  readonly header: "inner" | "outer";
  readonly leg: "request" | "reply";
}

/** One connection attempt, by the initial sequence number of its SYN, or one DNS query, by its id. */
export interface Attempt {
  readonly id: string;
  /** Where the SYN was first seen. */
  readonly origin: { readonly node: string; readonly netns: string };
  /** Before any translation. */
  readonly to: string;
  /** Where the SYN was headed when it was last seen: after translation. */
  readonly destination: string;
  readonly startedNs: bigint;
  /** The SYN-ACK came back to where the SYN came from, from the address that the SYN was sent to. */
  readonly isAnswered: boolean;
  /** Connected, and then a segment with payload got no acknowledgement: of the request, or of its answer. */
  readonly isStalled: boolean;
  /** Of the SYN or the SYN-ACK; of the payload when it is stalled, an answer's with the request that it answers. */
  readonly lastHop: OracleHop;
  /** Every sighting of the first transmission, request then reply, in order of time. */
  readonly sightings: readonly OracleHop[];
}

/** Bare TCP and DNS, and whatever may carry it between nodes. */
const FILTER = "tcp or udp port 53 or udp port 8472 or udp port 4789 or ip proto 4";
/** Enough for the outer and inner headers with all options. */
const SNAPLEN = "256";
/** tcp(7): a SYN or SYN-ACK is sent again after one second (TCP_TIMEOUT_INIT), payload after 200 ms at the earliest. */
const FIRST_TRANSMISSION_NS = 900_000_000n;
const FIRST_PAYLOAD_NS = 180_000_000n;
/** The one interface of every pod and client, and every node's uplink: no port of a bridge. */
const NIC = "eth0";

export class Oracle {
  #taps: { place: TappedPlace; child: ChildProcess; text: string; errors: string }[] = [];

  /** Resolves when every tap listens. */
  async start(places: readonly TappedPlace[]): Promise<void> {
    await Promise.all(places.map((place) => this.#tap(place)));
  }

  async #tap(place: TappedPlace): Promise<void> {
    const look = ["-l", "-nn", "-tt", "-S", "-p", "--immediate-mode", "-s", SNAPLEN, "--nano", "-Z", "root"];
    const argv = [`--net=/run/netns/${place.name}`, "tcpdump", ...look, "-i", "any", FILTER];
    const child = spawn("nsenter", argv, { stdio: ["ignore", "pipe", "pipe"] });
    const tap = { place, child, text: "", errors: "" };
    this.#taps.push(tap);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      tap.text += chunk;
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => reject(new Error(`tcpdump in ${place.name} ended: ${tap.errors}`)));
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        tap.errors += chunk;
        if (tap.errors.includes("listening on")) resolve();
      });
    });
  }

  /** All that was seen, in order of time. @throws Error when a tap lost packets: its silence would prove nothing */
  async stop(): Promise<readonly Seen[]> {
    await sleep(150);
    const taps = this.#taps;
    this.#taps = [];
    await Promise.all(taps.map(({ child }) => end(child)));
    for (const { place, errors } of taps) {
      const dropped = /(\d+) packets? dropped by kernel/.exec(errors)?.[1];
      if (dropped !== "0") throw new Error(`the oracle's tap in ${place.name} is no witness: ${errors}`);
    }
    return inTime(taps.flatMap(({ place, text }) => readTcpdumpText(text).map((printed) => ({ ...printed, place }))));
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("close", () => resolve());
    child.kill("SIGINT");
  });
}

/** Bare and tunnelled copies share one timestamp in a namespace, where the order of the text decides. */
export function inTime(seen: readonly Seen[]): readonly Seen[] {
  return [...seen].sort((a, b) => (a.atNs === b.atNs ? a.order - b.order : a.atNs < b.atNs ? -1 : 1));
}

/** @param seen in order of time */
export function attemptsOf(seen: readonly Seen[]): readonly Attempt[] {
  const tappable = seen.filter((one) => !one.place.isFabric);
  const isSyn = (one: Seen): boolean => one.flags.includes("S");
  const isAck = (one: Seen): boolean => one.flags.includes(".");
  const openings = groupBy(
    tappable.filter((one) => one.opens !== null),
    (one) => one.opens ?? "",
  );
  const acceptances = groupBy(
    tappable.filter((one) => one.accepts !== null),
    (one) => one.accepts,
  );
  // A connection's first payload has the number after its SYN's, as every acknowledgement of the SYN has.
  const payloads = groupBy(
    tappable.filter((one) => !isSyn(one) && one.length > 0),
    (one) => one.seq,
  );
  const acks = tappable.filter((one) => !isSyn(one) && isAck(one));
  return [...openings].map(([id, sightings]) => {
    const next = ((sightings[0]?.seq ?? 0) + 1) >>> 0;
    const request = withoutFloods(firstTransmission(sightings, FIRST_TRANSMISSION_NS));
    const reply = withoutFloods(firstTransmission(acceptances.get(id) ?? [], FIRST_TRANSMISSION_NS));
    const first = request[0] as Seen;
    const isHome = (one: Seen): boolean => one.place === first.place && one.direction === "in";
    const isAnswered = reply.some((one) => isHome(one) && one.from === first.to);
    const isConnected = isAnswered && isSyn(first);
    const asked = withoutFloods(firstTransmission(isConnected ? (payloads.get(next) ?? []) : [], FIRST_PAYLOAD_NS));
    const isHeard = isAcknowledged(acks, asked, first.place, first.from);
    const answers = payloads.get(((reply[0]?.seq ?? 0) + 1) >>> 0) ?? [];
    const told = withoutFloods(firstTransmission(isHeard && asked.length > 0 ? answers : [], FIRST_PAYLOAD_NS));
    const isStalled = !isHeard || !isReceived(told, first.place);
    const hops = isStalled
      ? [...asked.map((one) => hopOf(one, "request")), ...told.map((one) => hopOf(one, "reply"))]
      : [...request.map((one) => hopOf(one, "request")), ...reply.map((one) => hopOf(one, "reply"))];
    return {
      id,
      origin: { node: first.place.node, netns: first.place.netns },
      to: first.to,
      destination: (request.at(-1) as Seen).to,
      startedNs: first.atNs,
      isAnswered,
      isStalled,
      lastHop: hops.at(-1) as OracleHop,
      sightings: hops,
    };
  });
}

/** True as well when nothing was said. */
function isAcknowledged(acks: readonly Seen[], said: readonly Seen[], by: TappedPlace, speaker: string): boolean {
  const [first] = said;
  if (first === undefined) return true;
  const end = (first.seq ?? 0) + first.length;
  return acks.some((one) => one.place === by && one.direction === "in" && one.to === speaker && (one.ack ?? 0) >= end);
}

/** True as well when nothing was told. */
function isReceived(told: readonly Seen[], asker: TappedPlace): boolean {
  return told.length === 0 || told.some((one) => one.place === asker && one.direction === "in");
}

/** A retransmission starts over from the sender, and would look like a packet that came further. */
function firstTransmission(seen: readonly Seen[], withinNs: bigint): readonly Seen[] {
  const [first] = seen;
  return first === undefined ? [] : seen.filter((one) => one.atNs - first.atNs < withinNs);
}

/**
 * A bridge that does not know where a MAC address is sends a copy out of every port. Machines that get one although it
 * is addressed to another throw it away: they are not on the packet's way, and neither are the ports to them. A routed link has
 * one machine at its end, and what gets there came all the way.
 */
function withoutFloods(seen: readonly Seen[]): readonly Seen[] {
  const isStray = ({ isForAnother, interface: link, place }: Seen): boolean =>
    isForAnother && link === NIC && place.behind?.isPort !== false;
  const strayed = seen.filter(isStray).map((one) => one.place.behind);
  const leadsAstray = (one: Seen): boolean =>
    one.direction === "out" &&
    strayed.some((port) => port !== null && port.node === one.place.node && port.interface === one.interface);
  return seen.filter((one) => !isStray(one) && !leadsAstray(one));
}

function groupBy<K>(seen: readonly Seen[], key: (one: Seen) => K): ReadonlyMap<K, readonly Seen[]> {
  const groups = new Map<K, Seen[]>();
  for (const one of seen) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}

function hopOf(seen: Seen, leg: "request" | "reply"): OracleHop {
  const { place, direction, header } = seen;
  return { node: place.node, netns: place.netns, interface: seen.interface, direction, header, leg };
}

export function hopText(hop: Omit<OracleHop, "interface" | "direction" | "header"> & HopAsPrinted): string {
  const place = hop.netns === "host" ? hop.node : hop.netns.replace(/^pod:/, "");
  const tunnelled = hop.header === "outer" ? " (tunnelled)" : "";
  return `${place} ${hop.interface ?? "unseen"} ${hop.direction ?? ""}${tunnelled}, ${hop.leg}`;
}

/** A verdict may not know these. */
interface HopAsPrinted {
  readonly interface: string | null;
  readonly direction: "in" | "out" | null;
  readonly header: "inner" | "outer" | null;
}
