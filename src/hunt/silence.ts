import { setTimeout as sleep } from "node:timers/promises";
import type { KubeNode } from "../facts/cluster.ts";
import { type Ip, sameIp } from "../facts/ip.ts";
import { type NodeName, netnsId } from "../facts/provenance.ts";
import { parseNeighbours } from "../read/parse/neighbours.ts";
import { text } from "../read/transport/reader.ts";
import type { SilentNode } from "../think/explain/silent.ts";
import type { Probe } from "../witness/probe/probe.ts";
import { sendProbes } from "../witness/probe/send-probes.ts";
import type { Field } from "./field.ts";
import { hostPlace, type Place } from "./place.ts";
import type { Tries } from "./tries.ts";

/** A port that every node has a listener on, or answers for with a reset. */
const KUBELET = 10_250;
const KNOCK_MS = 1000;
const MOST_ASKERS = 4;
const LOOK_MS = 500;
/**
 * An address that was in use a moment ago is only asked for again by ARP after 5 s (delay_first_probe_time), three times in
 * three seconds (arp(7), retrans_time, ucast_solicit).
 */
const MOST_LOOKS = 20;
/** Proof that somebody has the address: an answer of any kind. */
const SIGNS_OF_LIFE = ["answered", "refused", "reset"];

/**
 * A node that nobody could be asked on may be down, or only out of our reach. Where tries that failed were for it, its
 * neighbours are asked: they knock, and look whether anybody answers for its address. What gives the least sign of life is not
 * in the answer.
 */
export async function silentNodes(field: Field, tries: Tries): Promise<readonly SilentNode[]> {
  const { world, reader } = field;
  if (reader.offline) return [];
  const unread = nodesInDoubt(field, tries).filter(
    (n) => world.netns.get(netnsId(n.name, "host"))?.links.known !== true,
  );
  const askers = reader.nodes
    .map((name) => (world.netns.get(netnsId(name, "host"))?.links.known ? hostPlace(world, name) : null))
    .filter((place) => place !== null)
    .slice(0, MOST_ASKERS);
  const found = await Promise.all(
    unread.map(async ({ name, internalIps, ready }): Promise<readonly SilentNode[]> => {
      const [ip] = internalIps;
      if (ip === undefined || askers.length === 0) return [];
      const heard = await Promise.all(askers.map((asker) => listenAt(field, asker, name, ip)));
      if (heard.some(({ isAlive }) => isAlive)) return [];
      const unresolved = heard.filter(({ unresolved }) => unresolved !== null);
      const [first] = unresolved;
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

/** Those that failed tries were for, and those whose pods a Service waits for. */
function nodesInDoubt({ cluster }: Field, { faced, behind, objects }: Tries): readonly KubeNode[] {
  const examined = [faced, ...(behind === null ? [] : [behind])].flatMap((i) => [
    ...i.symptom,
    ...i.adopted,
    ...i.direct,
    ...i.home,
  ]);
  const ends = examined
    .filter(({ tried }) => tried.tries.some((one) => !one.answered))
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

async function listenAt(field: Field, from: Place, silent: NodeName, dst: Ip): Promise<Heard> {
  const common = { from, src: null, dst, deadlineMs: KNOCK_MS, alsoTo: [] };
  const probes: readonly Probe[] = [
    { ...common, id: `k.${silent}.${from.node}.1`, kind: "icmp", bytes: null, attempts: 1 },
    { ...common, id: `k.${silent}.${from.node}.2`, kind: "tcp", port: KUBELET, attempts: 1 },
  ];
  const startedAt = field.now();
  const results = await sendProbes(field.reader, probes, field.random, field.limits);
  if (results.some(({ answers }) => answers.some(({ outcome }) => SIGNS_OF_LIFE.includes(outcome)))) {
    return { node: from.node, isAlive: true, unresolved: null };
  }
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const entry = await neighbourAt(field, from, dst);
    if (entry === null) break;
    if (entry.mac === null || entry.state === "FAILED") {
      return { node: from.node, isAlive: false, unresolved: entry.line };
    }
    // Confirmed since we began: somebody has answered for it.
    if (entry.confirmedS !== null && entry.confirmedS * 1000 < field.now() - startedAt - KNOCK_MS) {
      return { node: from.node, isAlive: true, unresolved: null };
    }
    if (entry.state !== "DELAY" && entry.state !== "PROBE") break;
    await sleep(LOOK_MS);
  }
  return { node: from.node, isAlive: false, unresolved: null };
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
  return { ...entry, line, confirmedS: confirmed === undefined ? null : Number(confirmed) };
}
