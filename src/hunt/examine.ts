import { sameIp } from "../facts/ip.ts";
import { phrase } from "../facts/phrase.ts";
import { type NetnsId, nodeOf } from "../facts/provenance.ts";
import type { NotChecked } from "../facts/world.ts";
import { correlate } from "../witness/correlate/correlate.ts";
import { DATA_SUFFIX } from "../witness/correlate/matcher.ts";
import { buildTrails } from "../witness/correlate/trail.ts";
import { type Answer, attemptId, gotThrough, type ProbeResult } from "../witness/probe/probe.ts";
import { sendProbes } from "../witness/probe/send-probes.ts";
import type { Frame, TapReport } from "../witness/sighting.ts";
import { adopt } from "./adopt.ts";
import { asWitnessed } from "./datagrams.ts";
import type { Examination, Examined, Trial } from "./examination.ts";
import type { Field, Notebook } from "./field.ts";
import { asSaidLater } from "./lost-data.ts";
import { cameBack, distinctPoints, type Legs, lostOn, NOT_SEEN, toTrail } from "./trails.ts";
import { startWatch } from "./watch.ts";

/** What to try, and what to listen to besides. */
export interface Trials {
  readonly send: readonly Trial[];
  /** Flows that somebody else sends meanwhile. */
  readonly adopt: readonly Trial[];
  /** More namespaces to tap: whom do they call themselves? */
  readonly also: readonly NetnsId[];
  /** Runs beside the tries, and is waited for. @param areOver whether the tries are */
  readonly during: ((areOver: () => boolean) => Promise<void>) | null;
}

/**
 * Tries flows while every hop that their walks name is tapped: what was answered, and what was seen where.
 * What was sent comes first in `examined`, then what was adopted.
 */
export async function examine(field: Field, trials: Trials, notebook: Notebook): Promise<Examination> {
  const watch = await startWatch(field, [...trials.send, ...trials.adopt], trials.also);
  const sentAt = field.now();
  let areOver = false;
  const sending = sendProbes(
    field.reader,
    trials.send.map((trial) => trial.probe),
    field.random,
    field.limits,
  ).finally(() => {
    areOver = true;
  });
  const [results] = await Promise.all([sending, trials.during?.(() => areOver)]);
  const answeredAt = field.now();
  const { frames, reports, moved, reasons, kept } = await watch.stop(notebook);
  const endedAt = field.now();
  const trusted = new Set(reports.filter((r) => r.trustworthy).map((r) => r.netns));
  for (const result of results) notebook.miss(result.notChecked);
  notebook.miss(results.flatMap(untoldTries));
  notebook.miss(
    reports
      .filter((r) => !r.trustworthy)
      .map((r) => ({ what: phrase("absence-in", { netns: r.netns }), why: r.why ?? phrase("tap-proved-nothing") })),
  );
  const { sightings, unlearnt, tracers } = correlate(
    results.flatMap((r) => r.tracers),
    frames,
  );
  const untold = new Set(unlearnt.map((u) => u.id));
  const claimed = new Set(sightings.map(({ netns, order }) => `${netns} ${order}`));
  const nobodys = frames.filter(({ netns, order }) => !claimed.has(`${netns} ${order}`));
  const sent = trials.send.map((trial, i): Examined => {
    const sender = trial.probe.from.netns;
    const mine = sightings.filter((s) => s.probe.startsWith(`${trial.probe.id}#`));
    const trails = new Map(buildTrails(mine, distinctPoints(trial.walk), () => sender).map((t) => [t.probe, t]));
    const hears = (netns: NetnsId): boolean => trusted.has(netns);
    const result = asWitnessed(asSent(results[i] as ProbeResult), field.world, trails, hears);
    const losses: Legs[] = [];
    const tries = result.answers.map((answer) => {
      const id = attemptId(trial.probe, answer.n);
      const trail = trails.get(id) ?? NOT_SEEN;
      const isTold = trusted.has(sender) && !(untold.has(id) && sentSomething(nobodys, trial));
      // A connection that stood and then got no answer: the packets did their part, it is the server that is silent.
      const isConnected =
        answer.outcome === "timeout" && trial.probe.kind === "http" && cameBack(trail.request, trail.reply, sender);
      const lost = isConnected ? lostOn(trail, trails.get(id + DATA_SUFFIX), sender, hears) : null;
      if (lost !== null) losses.push(lost);
      const seen = lost ?? trail;
      return {
        answered: gotThrough(answer.outcome) || (isConnected && lost === null),
        outcome:
          answer.httpStatus !== null && answer.outcome === "answered" ? String(answer.httpStatus) : answer.outcome,
        ms: answer.ms,
        trail: isTold ? toTrail(seen.request, seen.reply) : null,
      };
    });
    return { trial, result, tried: { id: trial.probe.id, ...asSaidLater(losses, trial), tries, trusted } };
  });
  const adopted = trials.adopt.map((trial) => adopt(trial, frames, tracers, trusted));
  tellWatch(notebook, reports, sentAt);
  tellSent(notebook, sent, sentAt, answeredAt);
  notebook.happened(endedAt, null, "taps-stopped", {
    frames: frames.length,
    deaf: reports.length - trusted.size,
  });
  return { examined: [...sent, ...adopted], frames, reports, moved, reasons, endedAt, kept };
}

function tellWatch(notebook: Notebook, reports: readonly TapReport[], at: number): void {
  const listening = reports.filter((r) => r.started);
  const nodes = [...new Set(listening.map((r) => nodeOf(r.netns)))];
  notebook.happened(at, null, "taps-listened", { taps: listening.length, nodes });
}

function tellSent(notebook: Notebook, sent: readonly Examined[], from: number, until: number): void {
  const tries = sent.flatMap((e) => e.tried.tries);
  const to = [...new Set(sent.map(({ trial: { flow } }) => flow.dst.text))].join(", ");
  const answered = tries.filter((t) => t.answered).length;
  notebook.happened(from, until, "probes-sent", { to, flows: sent.length, tries: tries.length, answered });
}

/** What a node had no tool for, or gave no word of, was no try: it says nothing of the network. */
function asSent(result: ProbeResult): ProbeResult {
  return { ...result, answers: result.tool === null ? [] : result.answers.filter(isTold) };
}

function isTold({ outcome, detail }: Answer): boolean {
  return outcome !== "no-tool" && (outcome !== "failed" || detail !== "");
}

function untoldTries({ probe, answers, tool }: ProbeResult): readonly NotChecked[] {
  const untold = answers.filter((answer) => !isTold(answer));
  if (tool === null || untold.length === 0) return [];
  return [
    {
      what: phrase("untold-tries", { count: untold.length, of: probe.attempts, netns: probe.from.netns }),
      why: phrase("end-not-told"),
    },
  ];
}

/** A packet to where it goes left the netns, and nobody knows whose it was. A node's own is seen only after DNAT in OUTPUT. */
function sentSomething(nobodys: readonly Frame[], { probe, flow }: Trial): boolean {
  const destinations = [flow.dst, ...probe.alsoTo.map(({ ip }) => ip)];
  return nobodys.some(
    (f) =>
      f.netns === probe.from.netns &&
      // Of a connection that is known only its SYN was claimed.
      f.headers.every((h) => h.kind !== "tcp" || (h.syn && !h.ackFlag)) &&
      f.headers.some((h) => h.kind === "ip" && destinations.some((dst) => sameIp(h.dst, dst))),
  );
}
