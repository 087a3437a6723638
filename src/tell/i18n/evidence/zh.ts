import type { EvidencePhrases } from "../../../facts/phrases/evidence.ts";
import { outcomeInChinese } from "../findings/outcomes-zh.ts";
import type { PhraseWords } from "../phrases.ts";

const LEGS = { request: "请求", reply: "应答" } as const;

/** What a verdict rests on, and where packets were seen. */
export const evidence: PhraseWords<EvidencePhrases> = {
  "api-lists": () => "Kubernetes API：nodes、pods、services、endpointslices",
  "object-counts": (p) => `${p.nodes} 个节点，${p.pods} 个 Pod，${p.services} 个 Service，${p.endpoints} 个 Endpoint`,
  "tries-from": (p) => `${p.recorded ? "录制到的" : ""}从 ${p.netns} 发起的 ${p.kind} ${p.input}`,
  "recorded-tries": (p) => `录制到的 ${p.protocol} ${p.netns} → ${p.to}`,
  "one-try": (p) => `#${p.n} ${outcomeInChinese(p.how)}${p.ms === null ? "" : ` ${p.ms} ms`} ${p.detail}`.trim(),
  "line-of": (p) => `${p.command}，第 ${p.line} 行`,
  "walk-end": (p) => `${p.disposition}：${p.detail}`,
  "tcpdump-in": (p) => `tcpdump -i any，在 ${p.namespaces} 个 network namespace 里`,
  "seen-at": (p) => `${p.place} ${p.hop} ${LEGS[p.leg]}：${p.count}`,
  lines: (p) => p.lines.join("\n"),
  tunnelled: (p) => `${p.at}（隧道内）`,
  "place-and-hop": (p) => `${p.place} ${p.hop}`,
  "usable-endpoint": (p) =>
    `${p.address}${p.node === null ? "" : `（节点 ${p.node}）`}，${p.ready ? "就绪" : "正在终止，仍可服务"}`,
};
