import { setTimeout as sleep } from "node:timers/promises";
import type { KubeNode } from "../facts/cluster.ts";
import { type Ip, sameIp } from "../facts/ip.ts";
import { entryText, isUnresolved } from "../facts/lookup/neighbours.ts";
import { type NodeName, netnsId } from "../facts/provenance.ts";
import { parseNeighbours } from "../read/parse/neighbours.ts";
import { text } from "../read/transport/reader.ts";
import type { SilentNode } from "../think/explain/silent.ts";
import { arrives } from "../think/walk/branch.ts";
import type { Probe } from "../witness/probe/probe.ts";
import { sendProbes } from "../witness/probe/send-probes.ts";
import type { Examined } from "./examination.ts";
import type { Field } from "./field.ts";
import { hostPlace, type Place } from "./place.ts";
import { recordedSilence } from "./recorded-silence.ts";
import type { Tries } from "./tries.ts";

/** A port that every node has a listener on, or answers for with a reset. */
const KUBELET = 10_250;
const KNOCK_MS = 1000;
const MOST_ASKERS = 4;
const LOOK_MS = 500;
/**
 * How long a neighbour's entry may stay as it is (net/core/neighbour.c). What was heard of a moment ago is believed in for up to
 * 45 s (neigh_rand_reach_time of 30 s); then a packet to it has ARP ask anew after 5 s (delay_first_probe_time), three times in
 * three seconds (arp(7), retrans_time, ucast_solicit).
 */
const BELIEVED_MS = 45_000;
const ASKED_AGAIN_MS = 10_000;
const UNCONFIRMED = ["STALE", "DELAY", "PROBE"];
/** Proof that somebody has the address: an answer of any kind. */
const SIGNS_OF_LIFE = ["answered", "refused", "reset"];

/** Nodes that tries which failed were for, and that nobody could be asked on: down, or only out of our reach. */
export function nodesInDoubt(field: Field, tries: Tries): readonly KubeNode[] {
  return nodesWaitedFor(field, tries).filter(
    ({ name }) => field.world.netns.get(netnsId(name, "host"))?.links.known !== true,
  );
}

/**
 * The neighbours of those nodes are asked: they knock, and look whether anybody answers for the address. What gives the least
 * sign of life is not in the answer. Where all have heard of it a moment ago, this takes a minute.
 */
export async function silentNodes(field: Field, inDoubt: readonly KubeNode[]): Promise<readonly SilentNode[]> {
  if (field.reader.offline) return recordedSilence(field, inDoubt);
  const { world, reader } = field;
  const askers = reader.nodes
    .map((name) => (world.netns.get(netnsId(name, "host"))?.links.known ? hostPlace(world, name) : null))
    .filter((place) => place !== null)
    .slice(0, MOST_ASKERS);
  const found = await Promise.all(
    inDoubt.map(async ({ name, internalIps, ready }): Promise<readonly SilentNode[]> => {
      const [ip] = internalIps;
      if (ip === undefined || askers.length === 0) return [];
      const listen = (ms: number) => Promise.all(askers.map((asker) => listenAt(field, asker, name, ip, ms)));
      let heard = await listen(0);
      const isOpen = heard.every(({ isAlive, unresolved }) => !isAlive && unresolved === null);
      // That its kubelet is not heard of says as much.
      if (isOpen && ready !== false) heard = await listen(BELIEVED_MS);
      if (heard.some(({ isAlive }) => isAlive)) return [];
      const first = heard.find(({ unresolved }) => unresolved !== null);
      return [
        {
          node: name,
          ips: internalIps,
          ready,
          neighbour: first === undefined ? null : { node: first.node, line: first.unresolved ?? "" },
          askers: heard.map(({ node }) => node),
        },
      ];
    }),
  );
  return found.flat();
}

/** Those that failed tries were for, or of a recording without any its walks, and those whose pods a Service waits for. */
function nodesWaitedFor({ cluster, reader }: Field, { faced, behind, objects }: Tries): readonly KubeNode[] {
  const examined = [faced, ...(behind === null ? [] : [behind])].flatMap((i) => [
    ...i.symptom,
    ...i.adopted,
    ...i.direct,
    ...i.home,
  ]);
  const isInVain = ({ tried: { tries, walk } }: Examined): boolean =>
    tries.some((one) => !one.answered) ||
    (reader.offline && tries.length === 0 && walk.branches.some((branch) => arrives(branch) !== true));
  const ends = examined
    .filter(isInVain)
    .flatMap(({ trial: { flow, walk } }) => [flow.dst, ...walk.branches.map((b) => b.destination.ip)]);
  const isEnd = (ip: Ip): boolean => ends.some((end) => sameIp(end, ip));
  const pending = objects.fault?.pendsOn ?? [];
  return cluster.nodes.filter(
    ({ name, internalIps }) =>
      pending.includes(name) ||
      internalIps.some(isEnd) ||
      cluster.pods.some((pod) => pod.node === name && pod.ips.some(isEnd)),
  );
}

interface Heard {
  readonly node: NodeName;
  readonly isAlive: boolean;
  /** The neighbour entry, where nobody answered for the address. */
  readonly unresolved: string | null;
}

/** @param believesForMs how long to wait for what is REACHABLE to be doubted */
async function listenAt(field: Field, from: Place, name: NodeName, dst: Ip, believesForMs: number): Promise<Heard> {
  const startedAt = field.now();
  for (let knocks = 1; ; knocks += 1) {
    if (await answersTo(field, from, name, dst, knocks)) return { node: from.node, isAlive: true, unresolved: null };
    for (;;) {
      const entry = await neighbourAt(field, from, dst);
      if (entry === null) return { node: from.node, isAlive: false, unresolved: null };
      if (isUnresolved(entry)) return { node: from.node, isAlive: false, unresolved: entryText(entry) };
      const passedMs = field.now() - startedAt;
      // Confirmed since we began: somebody has answered for it.
      const isAlive = entry.confirmedS !== null && entry.confirmedS * 1000 < passedMs - KNOCK_MS;
      const isOpen =
        entry.state === "REACHABLE"
          ? passedMs < believesForMs
          : UNCONFIRMED.includes(entry.state) && passedMs < believesForMs + ASKED_AGAIN_MS;
      if (isAlive || !isOpen) return { node: from.node, isAlive, unresolved: null };
      await sleep(LOOK_MS);
      // Nothing but a packet to it asks for an address that has grown stale.
      if (entry.state === "STALE") break;
    }
  }
}

async function answersTo(field: Field, from: Place, silent: NodeName, dst: Ip, knocks: number): Promise<boolean> {
  const common = { from, src: null, dst, deadlineMs: KNOCK_MS, alsoTo: [] };
  const id = (kind: string): string => `k.${silent}.${from.node}.${kind}${knocks}`;
  const probes: readonly Probe[] = [
    { ...common, id: id("i"), kind: "icmp", bytes: null, attempts: 1 },
    { ...common, id: id("t"), kind: "tcp", port: KUBELET, attempts: 1 },
  ];
  const results = await sendProbes(field.reader, probes, field.random, field.limits);
  return results.some(({ answers }) => answers.some(({ outcome }) => SIGNS_OF_LIFE.includes(outcome)));
}

/** Null where the address is nobody's neighbour: it lies behind a router, and no ARP tells of it. */
async function neighbourAt(field: Field, { node, netns }: Place, ip: Ip) {
  const argv = ["ip", "-s", "neigh", "show", "to", ip.text];
  const [output] = await field.reader.run(node, [{ name: "neighbour", argv, netns: null }], field.limits);
  if (output === undefined || output.failure !== null) return null;
  const said = text(output);
  const { value } = parseNeighbours(said, { node, netns, argv, at: output.at });
  const entry = value.find((one) => sameIp(one.ip, ip));
  if (entry === undefined) return null;
  const line = said.split("\n")[entry.because.line - 1]?.trim() ?? "";
  // ip-neighbour(8), -s: `used` and two slashes: seconds since it was used, confirmed, updated.
  const confirmed = / used \d+\/(\d+)\/\d+/.exec(line)?.[1];
  return { ...entry, confirmedS: confirmed === undefined ? null : Number(confirmed) };
}
