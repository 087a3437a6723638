import type { EvidencePhrases } from "../../../facts/phrases/evidence.ts";
import { many } from "../counted.ts";
import type { PhraseWords } from "../phrases.ts";

/** What a verdict rests on, and where packets were seen. */
export const evidence: PhraseWords<EvidencePhrases> = {
  "api-lists": () => "Kubernetes API: nodes, pods, services, endpointslices",
  "object-counts": (p) =>
    [many(p.nodes, "node"), many(p.pods, "pod"), many(p.services, "service"), many(p.endpoints, "endpoint")].join(", "),
  "tries-from": (p) => `${p.recorded ? "recorded " : ""}${p.kind} ${p.input} from ${p.netns}`,
  "recorded-tries": (p) => `recorded ${p.protocol} ${p.netns} → ${p.to}`,
  "one-try": (p) => `#${p.n} ${p.how}${p.ms === null ? "" : ` ${p.ms} ms`} ${p.detail}`.trim(),
  "line-of": (p) => `${p.command}, line ${p.line}`,
  "walk-end": (p) => `${p.disposition}: ${p.detail}`,
  "tcpdump-in": (p) => `tcpdump -i any on ${many(p.namespaces, "namespace")}`,
  "seen-at": (p) => `${p.place} ${p.hop} ${p.leg}: ${p.count}`,
  lines: (p) => p.lines.join("\n"),
  tunnelled: (p) => `${p.at} (tunnelled)`,
  "place-and-hop": (p) => `${p.place} ${p.hop}`,
  "usable-endpoint": (p) =>
    `${p.address}${p.node === null ? "" : ` on ${p.node}`}, ${p.ready ? "ready" : "terminating, still serving"}`,
};
