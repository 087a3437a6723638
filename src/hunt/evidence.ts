import { phrase } from "../facts/phrase.ts";
import { nodeOf } from "../facts/provenance.ts";
import type { Suspect } from "../think/explain/suspect.ts";
import type { Agreement } from "../think/ask/agreement.ts";
import type { Notebook } from "./field.ts";
import { hopName, placeName } from "./rungs/capture.ts";
import type { Moved } from "./rungs/probes.ts";

/** Ids of what each of the lower rungs rests on. */
export interface NotedEvidence {
  readonly route: readonly string[];
  readonly capture: readonly string[];
  readonly kernel: readonly string[];
}

/** Writes down what the voices said of the main suspect: the fact the walk ends at, the kernels' answers, the sightings, the counters. */
export function noteEvidence(
  notebook: Notebook,
  suspect: Suspect,
  agreements: readonly Agreement[],
  moved: Moved,
  at: { readonly asked: string; readonly watched: string },
): NotedEvidence {
  const end = suspect.predicted?.at.steps.at(-1);
  const predicted =
    end === undefined
      ? []
      : [
          notebook.add({
            voice: "predict",
            node: nodeOf(end.netns),
            source:
              end.because === null
                ? end.kind
                : phrase("line-of", { command: end.because.source.argv.join(" "), line: end.because.line }),
            excerpt: phrase("walk-end", { disposition: suspect.predicted?.at.end ?? "", detail: end.detail }),
            at: end.because?.source.at ?? at.asked,
          }),
        ];
  const asked = agreements.map((a) =>
    notebook.add({ voice: "ask", node: nodeOf(a.step.netns), source: a.question, excerpt: a.answer, at: at.asked }),
  );
  const seen = suspect.hops.flatMap(({ point, seen: count }) =>
    count === null
      ? []
      : [phrase("seen-at", { place: placeName(point.netns), hop: hopName(point), leg: point.leg, count })],
  );
  const captured =
    seen.length === 0
      ? []
      : [
          notebook.add({
            voice: "witness",
            node: null,
            source: phrase("tcpdump-in", { namespaces: new Set(suspect.hops.map((hop) => hop.point.netns)).size }),
            excerpt: phrase("lines", { lines: seen }),
            at: at.watched,
          }),
        ];
  // Of links only what they lost: that their packets and bytes rose says nothing.
  const counted = (suspect.predicted === null ? [] : (moved.get(suspect.predicted.at.netns) ?? [])).filter(
    ({ name }) => !name.includes(" ") || /_(?:dropped|errors)$/.test(name),
  );
  const counters =
    counted.length === 0
      ? []
      : [
          notebook.add({
            voice: "witness",
            node: nodeOf(suspect.predicted?.at.netns ?? ""),
            source: sourcesOf(counted).join(", "),
            excerpt: counted.map(({ name, delta }) => `${name} +${delta}`).join("\n"),
            at: at.watched,
          }),
        ];
  return { route: [...predicted, ...asked], capture: captured, kernel: counters };
}

/** Where counters of these names were read (see watch.ts). */
function sourcesOf(counted: readonly { readonly name: string }[]): readonly string[] {
  const isOf = (pattern: RegExp): boolean => counted.some(({ name }) => pattern.test(name));
  return [
    ...(isOf(/^(?!nf_conntrack\.)\S+$/) ? ["/proc/net/snmp, /proc/net/netstat"] : []),
    ...(isOf(/ [rt]x_/) ? ["/proc/net/dev"] : []),
    ...(isOf(/^nf_conntrack\./) ? ["/proc/net/stat/nf_conntrack"] : []),
    ...(isOf(/ (?![rt]x_)/) ? ["tc -s qdisc show"] : []),
  ];
}
