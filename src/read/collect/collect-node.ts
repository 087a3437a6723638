import type { Pod } from "../../facts/cluster.ts";
import { podKey } from "../../facts/cluster.ts";
import type { Link, Netns } from "../../facts/netns.ts";
import { type Phrase, phrase, samePhrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import { netnsId } from "../../facts/provenance.ts";
import { linksOf } from "../../facts/world.ts";
import type { Limits, Output, Reader } from "../transport/reader.ts";
import { CLOCK, type ClockOffset, clockOffset } from "./clocks.ts";
import { gatedCommands, hostCommands, podCommands, type Round } from "./commands.ts";
import { chooseBare, choosePod, holdersOf, type PodHolders } from "./find-pods.ts";
import { LineBudget } from "./line-budget.ts";
import { readNetns, unreadNetns } from "./read-netns.ts";
import { type Gap, NO_EXPECTATIONS, NOT_READ, Readings } from "./readings.ts";
import { type Holder, parseSurvey, type Survey, surveyCommand } from "./survey.ts";

export interface NodeFacts {
  readonly node: NodeName;
  /** The node's own first, then its pods'. */
  readonly netns: readonly Netns[];
  readonly gaps: readonly Gap[];
  /** Null where it was not told. */
  readonly clock: ClockOffset | null;
  readonly bootId: string | null;
  readonly kernel: string | null;
}

interface PodRound {
  readonly pod: Pod;
  readonly holder: Holder;
  readonly round: Round;
}

/**
 * Two rounds: what every node has, with a survey of what it has besides; then netfilter, and the pods' namespaces. A third between
 * them where an address is held by several namespaces: their links decide which is the pod's. More behind them where a pod has none,
 * and a namespace without an address may be it.
 */
export async function collectNode(
  reader: Reader,
  node: NodeName,
  pods: readonly Pod[],
  limits: Limits,
  lines = new LineBudget(),
): Promise<NodeFacts> {
  const survey = surveyCommand(pods.flatMap((pod) => pod.ips));
  // When a recording's answers were given, nobody knows any more.
  const clock = reader.offline ? [] : [CLOCK];
  const answers = await reader.run(node, [...clock, survey, ...hostCommands(reader.offline)], limits);
  const [surveyed, ...first] = answers.slice(clock.length);
  const dead = whyDead(first);
  if (surveyed === undefined || dead !== null) return unreadNode(node, pods, dead ?? phrase("no-answer"));

  const known = parseSurvey(surveyed.failure === null ? new TextDecoder().decode(surveyed.stdout) : null);
  const isSurveyed = known.tools.size > 0;
  const early = readNetns(new Readings(node, "host", null, first, NO_EXPECTATIONS, lines));
  const places = await choosePlaces(reader, node, holdersOf(pods, known), early, known, limits, lines);

  const gated = gatedCommands(isSurveyed ? known : null, "self", null, "");
  const rounds = places.found.map(({ pod, holder }) =>
    podRound(pod, holder, isSurveyed ? known : null, reader.offline),
  );
  const second = await reader.run(node, [...gated.commands, ...rounds.flatMap(({ round }) => round.commands)], limits);
  const own = new Readings(
    node,
    "host",
    null,
    [...first, ...second.slice(0, gated.commands.length)],
    gated.expected,
    lines,
  );
  const gaps: Gap[] = [];
  if (surveyed.failure !== null) gaps.push({ subject: phrase("survey"), where: node, why: surveyed.failure });
  const host = readNetns(own);
  const seen: Seen = { node, host, survey: known, lines };
  const chosen = readPods(seen, rounds, second.slice(gated.commands.length));
  const lost = [...places.lost, ...chosen.lost];
  const bare = await readBare(reader, seen, lost, limits);
  const read = [...chosen.read, ...bare];
  const isFound = (pod: Pod): boolean => bare.some(({ netns: { name } }) => name === `pod:${podKey(pod)}`);
  const netns = [host, ...read.map((one) => one.netns)];
  for (const { pod, why } of lost.filter((one) => !isFound(one.pod))) {
    gaps.push({ subject: phrase("netns"), where: phrase("pod-on-node", { pod: podKey(pod), node }), why });
    netns.push(unreadPod(node, pod, why));
  }
  return {
    node,
    netns,
    gaps: [...gaps, ...[own, ...read.map((one) => one.readings)].flatMap((readings) => readings.gaps)],
    clock: reader.offline ? null : clockOffset(answers[0]),
    bootId: lineOf(own, "boot-id"),
    kernel: lineOf(own, "version"),
  };
}

/** What is known of a node by then. */
interface Seen {
  readonly node: NodeName;
  readonly host: Netns;
  readonly survey: Survey;
  readonly lines: LineBudget;
}

interface LostPod {
  readonly pod: Pod;
  readonly why: Phrase;
}

interface ReadPods {
  readonly read: readonly { readonly readings: Readings; readonly netns: Netns }[];
  readonly lost: readonly LostPod[];
}

/** @param outputs of all rounds, one behind the other */
function readPods(
  { node, host, survey, lines }: Seen,
  rounds: readonly PodRound[],
  outputs: readonly Output[],
): ReadPods {
  const read: { readonly readings: Readings; readonly netns: Netns }[] = [];
  const lost: LostPod[] = [];
  let from = 0;
  for (const { pod, holder, round } of rounds) {
    const own = outputs.slice(from, from + round.commands.length);
    from += round.commands.length;
    const gone = whyDead(own);
    if (gone !== null) {
      lost.push({ pod, why: gone });
      continue;
    }
    const readings = new Readings(node, `pod:${podKey(pod)}`, holder.path, own, round.expected, lines);
    const netns = { ...readNetns(readings), given: pod.ips };
    const choice = choosePod({ pod, holders: [holder] }, host, survey, () => linksOf(netns));
    if ("why" in choice && netns.links.known) lost.push({ pod, why: choice.why });
    else read.push({ readings, netns });
  }
  return { read, lost };
}

/** The pod that has lost its address, where one is and its namespace can be told. */
async function readBare(
  reader: Reader,
  seen: Seen,
  lost: readonly LostPod[],
  limits: Limits,
): Promise<ReadPods["read"]> {
  const { node, host, survey, lines } = seen;
  if (lost.length === 0 || survey.bare.length === 0) return [];
  const links = await linksOfEach(reader, node, survey.bare, limits, lines);
  const pods = lost.map(({ pod }) => pod);
  const left = chooseBare(pods, host, survey, ({ inode }) => links.get(inode) ?? []);
  if (left === null) return [];
  const only = podRound(left.pod, left.holder, survey, reader.offline);
  return readPods(seen, [only], await reader.run(node, only.round.commands, limits)).read;
}

async function choosePlaces(
  reader: Reader,
  node: NodeName,
  candidates: readonly PodHolders[],
  host: Netns,
  survey: Survey,
  limits: Limits,
  lines: LineBudget,
): Promise<{ readonly found: readonly { pod: Pod; holder: Holder }[]; readonly lost: readonly LostPod[] }> {
  const several = candidates.flatMap(({ holders }) => (holders.length > 1 ? holders : []));
  const links = await linksOfEach(reader, node, several, limits, lines);
  const found: { pod: Pod; holder: Holder }[] = [];
  const lost: LostPod[] = [];
  for (const candidate of candidates) {
    const [only] = candidate.holders;
    if (only !== undefined && candidate.holders.length === 1) {
      found.push({ pod: candidate.pod, holder: only });
      continue;
    }
    const choice = choosePod(candidate, host, survey, (holder) => links.get(holder.inode) ?? []);
    if ("holder" in choice) found.push({ pod: candidate.pod, holder: choice.holder });
    else lost.push({ pod: candidate.pod, why: choice.why });
  }
  return { found, lost };
}

/** By inode. */
async function linksOfEach(
  reader: Reader,
  node: NodeName,
  holders: readonly Holder[],
  limits: Limits,
  lines: LineBudget,
): Promise<ReadonlyMap<string, readonly Link[]>> {
  const each = [...new Map(holders.map((holder) => [holder.inode, holder])).values()];
  const commands = each.map(({ path }) =>
    podCommands(path, "", reader.offline).filter(({ name }) => name === "ip-addr" || name === "ip-link"),
  );
  const outputs = each.length === 0 ? [] : await reader.run(node, commands.flat(), limits);
  return new Map(
    each.map((holder) => {
      const own = outputs.filter(({ command }) => command.netns === holder.path);
      const readings = new Readings(node, "pod:", holder.path, own, NO_EXPECTATIONS, lines);
      return [holder.inode, linksOf(readNetns(readings))];
    }),
  );
}

function podRound(pod: Pod, holder: Holder, survey: Survey | null, isRecording: boolean): PodRound {
  const folder = `pods/${pod.namespace}_${pod.name}/`;
  const gated = gatedCommands(survey, holder.inode, holder.path, folder);
  return {
    pod,
    holder,
    round: {
      commands: [...podCommands(holder.path, folder, isRecording), ...gated.commands],
      expected: gated.expected,
    },
  };
}

/** The one reason why every command failed, when there is one. That a recording lacks some of them tells nothing of the others. */
function whyDead(outputs: readonly Output[]): Phrase | null {
  const read = outputs.filter((output) => output.failure !== NOT_READ);
  const why = (read[0] ?? outputs[0])?.failure ?? null;
  return why !== null && read.every((output) => samePhrase(output.failure, why)) ? why : null;
}

function unreadNode(node: NodeName, pods: readonly Pod[], why: Phrase): NodeFacts {
  const host = unreadNetns({ id: netnsId(node, "host"), node, name: "host" }, why);
  return {
    node,
    netns: [host, ...pods.map((pod) => unreadPod(node, pod, why))],
    gaps: [{ subject: phrase("whole-node"), where: node, why }],
    clock: null,
    bootId: null,
    kernel: null,
  };
}

function unreadPod(node: NodeName, pod: Pod, why: Phrase): Netns {
  const name = `pod:${podKey(pod)}`;
  return unreadNetns({ id: netnsId(node, name), node, name }, why);
}

function lineOf(readings: Readings, command: string): string | null {
  const whole = readings.whole(command);
  return whole.known ? whole.value.text.trim() : null;
}
