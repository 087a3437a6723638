import { phrase } from "../facts/phrase.ts";
import type { SilentNode } from "../think/explain/silent.ts";
import { noteEvidence } from "./evidence.ts";
import type { Field, Notebook } from "./field.ts";
import { finding, type Rung } from "./findings.ts";
import { oneTry } from "./one-try.ts";
import { recordedCaptureRung, recordedKernelRung, recordedReachRung, recordedTopRung } from "./recorded-rungs.ts";
import { captureRung } from "./rungs/capture.ts";
import { httpRung, withHome } from "./rungs/http.ts";
import { kernelRung, reachRung, withAdopted } from "./rungs/probes.ts";
import { routeRung } from "./rungs/route.ts";
import { rulePackets } from "./rungs/rule-packets.ts";
import { isMet, type Tries } from "./tries.ts";
import type { Weighed } from "./weigh.ts";

const MOST_REACH_LINES = 6;

/** The ladder down to where the packets are: the symptom, its objects, and who reaches whom. */
export function upperRungs(tries: Tries, notebook: Notebook): readonly Rung[] {
  const { symptom, target, faced, failing, gateway, behind, focus, objects, recording } = tries;
  const evidence = tries.faced.symptom
    .filter((e) => isMet(tries, e))
    .map((e) =>
      notebook.add({
        voice: "witness",
        node: e.trial.probe.from.node,
        source: phrase("tries-from", {
          kind: e.trial.probe.kind,
          input: symptom.input,
          netns: e.trial.probe.from.netns,
          recorded: recording !== null,
        }),
        excerpt: phrase("lines", { lines: e.result.answers.map(oneTry) }),
        at: new Date(tries.faced.examination.endedAt).toISOString(),
      }),
    );
  const top = symptom.kind === "dns" ? "dns" : target.url === null ? null : "http";
  const topRung =
    top === null
      ? []
      : recording === null
        ? [httpRung(top, faced.symptom, gateway, failing[0] ?? null, evidence)]
        : [recordedTopRung(top, faced.symptom, gateway, evidence)];
  const objectRungs = objects.rungs.map((rung) => (rung.rung === "pods" ? withHome(rung, focus.home) : rung));
  const reached = top === null || behind !== null ? [...focus.symptom, ...focus.direct] : focus.direct;
  const tellReach = recording === null ? reachRung : recordedReachRung;
  const reach = tellReach(
    reached.map((e) => e.tried),
    MOST_REACH_LINES,
    top === null ? evidence : [],
  );
  return [...topRung, ...objectRungs, withAdopted(reach, focus.adopted)];
}

/** The rungs below: what kernels decide, what taps saw, what kernels counted. */
export function lowerRungs(field: Field, tries: Tries, weighed: Weighed, notebook: Notebook): readonly Rung[] {
  const { recording } = tries;
  const { own, beside, causes, main, healed, moved, reasons, reckoning, silent } = weighed;
  const shown = main !== null && (main.failed > 0 || weighed.symptomFailed) ? main : null;
  const agreements = shown === null ? [] : (reckoning.agreements.get(shown) ?? []);
  const noted =
    shown === null
      ? { route: [], capture: [], kernel: [] }
      : noteEvidence(notebook, shown, agreements, moved, {
          asked: new Date(reckoning.askedAt).toISOString(),
          watched: new Date(tries.focus.examination.endedAt).toISOString(),
        });
  const all = [...own, ...beside];
  const probes = all.reduce((sum, t) => sum + t.tries.length, 0);
  const capture =
    recording === null
      ? captureRung(shown, healed, probes, weighed.lostTaps, all)
      : recordedCaptureRung(recording, shown, causes[0]?.suspects ?? [], healed, probes, weighed.lostTaps);
  const before = shown?.predicted == null ? undefined : field.world.netns.get(shown.predicted.at.netns);
  const byRule =
    shown === null ? null : rulePackets(shown, before, weighed.fresh?.find((n) => n.id === before?.id) ?? null);
  const kernel = recording === null ? kernelRung(shown, moved, reasons, byRule) : recordedKernelRung(recording, shown);
  return [
    withSilent({ ...routeRung(agreements, shown, field.reader.offline), evidence: noted.route }, silent),
    { ...capture, evidence: noted.capture },
    { ...kernel, evidence: noted.kernel },
  ];
}

/** What lies behind a machine that is silent cannot be asked. */
function withSilent(rung: Rung, silent: readonly SilentNode[]): Rung {
  if (silent.length === 0) return rung;
  const lines = silent.map(({ node, ips, ready, askers, neighbour }) =>
    finding("node-silent", {
      node,
      address: ips[0]?.text ?? "",
      ready,
      askers,
      neighbour: neighbour === null ? null : `${neighbour.node}: ${neighbour.line}`,
    }),
  );
  return { ...rung, status: "failed", lines: [...lines, ...rung.lines] };
}
