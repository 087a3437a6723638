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
}

export interface Seen extends Printed {
  readonly node: string;
  readonly netns: string;
}

export interface OracleHop {
  readonly node: string;
  readonly netns: string;
  readonly interface: string;
  readonly direction: "in" | "out";
  readonly header: "inner" | "outer";
  readonly leg: "request" | "reply";
}

/** One connection attempt, by the initial sequence number of its SYN, which survives NAT and tunnels. */
export interface Attempt {
  readonly isn: number;
  /** Where the SYN was first seen. */
  readonly origin: { readonly node: string; readonly netns: string };
  /** Before any translation. */
  readonly to: string;
  /** Where the SYN was headed when it was last seen: after translation. */
  readonly destination: string;
  readonly startedNs: bigint;
  /** The SYN-ACK came back to where the SYN came from. */
  readonly isAnswered: boolean;
  readonly lastHop: OracleHop;
  /** Every sighting of the first transmission, request then reply, in order of time. */
  readonly sightings: readonly OracleHop[];
}

/** Bare TCP, and whatever may carry it between nodes. */
const FILTER = "tcp or udp port 8472 or udp port 4789 or ip proto 4";
/** Enough for the outer and inner headers with all options. */
const SNAPLEN = "256";
/** tcp(7), TCP_TIMEOUT_INIT: a SYN or SYN-ACK is sent again after one second. */
const FIRST_TRANSMISSION_NS = 900_000_000n;

export class Oracle {
  readonly #taps: { place: TappedPlace; child: ChildProcess; text: string; errors: string }[] = [];

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

  /** All that was seen, in order of time. */
  async stop(): Promise<readonly Seen[]> {
    await sleep(150);
    const taps = this.#taps.splice(0);
    await Promise.all(taps.map(({ child }) => ended(child)));
    for (const { place, errors } of taps) {
      const dropped = Number(/(\d+) packets? dropped by kernel/.exec(errors)?.[1] ?? Number.NaN);
      if (dropped !== 0) throw new Error(`the oracle's tap in ${place.name} is no witness: ${errors}`);
    }
    return inTime(taps.flatMap(({ place, text }) => readTcpdumpText(text).map((printed) => ({ ...printed, ...place }))));
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("close", () => resolve());
    child.kill("SIGINT");
  });
}

/** Bare and tunnelled copies share one timestamp in a namespace, where the order of the text decides. */
function inTime(seen: readonly Seen[]): readonly Seen[] {
  return [...seen].sort((a, b) => (a.atNs === b.atNs ? a.order - b.order : a.atNs < b.atNs ? -1 : 1));
}

export function attemptsOf(seen: readonly Seen[]): readonly Attempt[] {
  const bySyn = new Map<number, Seen[]>();
  for (const one of seen) if (one.flags === "S") bySyn.set(one.seq, [...(bySyn.get(one.seq) ?? []), one]);
  return [...bySyn].map(([isn, syns]) => {
    const request = firstTransmission(syns);
    const reply = firstTransmission(seen.filter((one) => one.flags === "S." && one.ack === ((isn + 1) >>> 0)));
    const first = request[0] as Seen;
    const isAnswered = reply.some((one) => one.direction === "in" && isSamePlace(one, first));
    const sightings = [...request.map((one) => hopOf(one, "request")), ...reply.map((one) => hopOf(one, "reply"))];
    return {
      isn,
      origin: { node: first.node, netns: first.netns },
      to: first.to,
      destination: (request.at(-1) as Seen).to,
      startedNs: first.atNs,
      isAnswered,
      lastHop: sightings.at(-1) as OracleHop,
      sightings,
    };
  });
}

/** A retransmission starts over from the sender, and would look like a packet that came further. */
function firstTransmission(seen: readonly Seen[]): readonly Seen[] {
  const first = seen[0];
  return first === undefined ? [] : seen.filter((one) => one.atNs - first.atNs < FIRST_TRANSMISSION_NS);
}

function isSamePlace(a: Seen, b: Seen): boolean {
  return a.node === b.node && a.netns === b.netns && a.interface === b.interface;
}

function hopOf(seen: Seen, leg: "request" | "reply"): OracleHop {
  const { node, netns, direction, header } = seen;
  return { node, netns, interface: seen.interface, direction, header, leg };
}

export function hopText(hop: OracleHop): string {
  const place = hop.netns === "host" ? hop.node : hop.netns.replace(/^pod:/, "");
  const tunnelled = hop.header === "outer" ? " (tunnelled)" : "";
  return `${place} ${hop.interface} ${hop.direction}${tunnelled}, ${hop.leg}`;
}
