import type { AnswerCount } from "../../../hunt/findings.ts";
import { padTo } from "../../columns.ts";
import { outcomeInChinese as outcome } from "./outcomes-zh.ts";
import type { FindingWords } from "./words.ts";

const answers = (how: readonly AnswerCount[]): string =>
  how.map((a) => `${a.count} 次${/^\d/.test(a.outcome) ? ` ${a.outcome}` : outcome(a.outcome)}`).join("，");

const list = (items: readonly string[]): string => items.join("、");

const LEGS = { request: "请求", reply: "应答" } as const;

/** Every sentence of a ladder, by the code of its finding. */
export const findings: FindingWords = {
  "delivered-all": (p) => `${p.tries} 个数据报全部送达；没有应答，UDP 允许这样`,
  "answers-all": (p) => `${p.tries} 次尝试全部有应答，${p.ms} ms`,
  "answers-some": (p) => {
    const [only] = p.how;
    if (p.failed === p.tries && p.how.length === 1 && only !== undefined)
      return `${outcome(only.outcome)}，${p.tries} 次尝试全部如此`;
    return `${p.tries} 次尝试失败 ${p.failed} 次：${answers(p.how)}`;
  },
  "http-from": (p) =>
    p.status === null
      ? `能连上节点 ${p.node} 上的 ${p.pod}，但它不应答`
      : `${p.status} 来自节点 ${p.node} 上的 ${p.pod}`,
  "gateway-log": (p) => `它的日志：${p.line}`,
  "gateway-connects": (p) => `它的报文：向 ${p.to} 发起了 ${p.count} 个连接，没有一个被接受`,
  "gateway-socket": (p) => `它的 socket：${p.state} → ${p.to}`,
  "gateway-request": (p) =>
    `它的连接：到 ${p.to} 有 ${p.count} 个已建立的连接，${p.unacknowledged > 0 ? `发出的 ${p.unacknowledged} 字节一直没有被确认` : "请求发了，没有应答"}`,
  "gateway-conntrack": (p) => `节点 ${p.node} 的 conntrack：${p.count} 条 [UNREPLIED] → ${p.to}`,
  "gateway-used": (p) =>
    `节点 ${p.node} 的 conntrack：此前有 ${p.count} 条连接得到过 ${p.to} 的应答；按推演，现在并非都能到达`,
  "gateway-beside": (p) =>
    `没有录到 ${p.pod} 访问谁；按推演，它发往同一命名空间的 ${p.service}（${p.to}）的连接并非都能到达`,
  "upstream-named": (p) => `${p.pod} 在等 ${p.to}${p.service === null ? "" : `（${p.service}）`}`,
  "upstream-unknown": (p) => `${p.pod} 自己没有卡住的连接`,
  "service-found": (p) => `${p.name} ${p.address}:${p.port}${p.nodePort === null ? "" : `，NodePort ${p.nodePort}`}`,
  "no-service": () => "中间没有 Service",
  "endpoints-ready": (p) =>
    p.total <= 3 ? p.shown.join(" · ") : `${p.total} 个中有 ${p.ready} 个就绪：${p.shown.join(" · ")}`,
  "endpoints-not-read": () => "未读取：EndpointSlice 和 Endpoints 都无法列出",
  "endpoints-none-ready": (p) => `${p.total} 个 Endpoint，没有一个就绪`,
  "endpoints-none": (p) => `一个也没有；selector 是 ${p.selector}`,
  "selector-matches": (p) =>
    `${p.selector} 匹配到 ${p.pods} 个 Pod${p.near === null ? "" : `；换成 ${p.near} 就能匹配上`}`,
  "endpoint-not-pod": (p) => `${p.address} 不是任何 Pod 的地址`,
  "pods-ready": (p) => `${p.ready}/${p.total} 就绪`,
  "pods-not-ready": (p) => `未就绪：${list(p.pods)}`,
  "pods-answer-at-home": (p) => `从所在节点访问，${p.answered}/${p.total} 有应答，${p.ms} ms`,
  "pods-silent-at-home": (p) => `从所在节点访问也没有应答：${list(p.pods)}`,
  "reach-line": (p) =>
    `${p.from} → ${p.to} ${p.answered}/${p.attempts}${p.answered === p.attempts ? "" : `（${answers(p.how)}）`}`,
  "reach-own": (p) =>
    `${p.from} 自己的连接 → ${p.to}，送达 ${p.delivered}/${p.attempts}${p.answered === p.attempts ? "" : `，有应答的 ${p.answered} 个`}`,
  "node-silent": (p) =>
    `${p.node}（${p.address}${p.ready === false ? "，NotReady" : ""}）对 ${list(p.askers)} 都没有应答${p.neighbour === null ? "" : `；${p.neighbour}`}`,
  "route-agrees": (p) => `向内核问了 ${p.questions} 次路由，答复都和推演一致`,
  "route-dissents": (p) => `${p.node}：${p.question}：推演是 ${p.predicted}，内核的答复是 ${p.said}`,
  "route-line": (p) => `${p.node}：${p.answer}`,
  "route-refused": (p) => `${p.node}：${p.question}："${p.answer}"`,
  "capture-arrives": (p) => `${p.probes} 个带标记的报文及其应答，在每一跳都看到了`,
  "capture-title": (p) =>
    `${LEGS[p.leg]}，${p.from} → ${p.to}，${p.probes} ${p.recorded ? "条录制的流" : "个带标记的报文"}`,
  "capture-line": (p) =>
    `${padTo(p.node, 10)} ${p.hops.map((h) => h.name).join(" → ")}   ${p.count ?? "?"}${p.hops.some((h) => h.last) ? "  ← 最后一跳" : ""}`,
  "capture-alike": (p) => `另有 ${p.flows} 条流也是在这里最后一次出现：${list(p.ways)}`,
  "capture-lost": (p) => `这些抓包点没看到不等于没有：${list(p.taps)}`,
  "kernel-counter": (p) => `${p.node} ${p.name} +${p.delta}`,
  "kernel-rule": (p) => `${p.node} ${p.rule}：${p.packets} 个报文`,
  "kernel-reason": (p) => `内核丢包原因 ${p.reason} × ${p.count}`,
  "kernel-quiet": () => "丢包计数器都没有动",
  "offline-captures": (p) => `采用了录制中的 ${p.flows} 条流`,
  "not-probed-offline": () => "未探测：这些是录制数据",
  "not-needed": () => "不需要",
  "not-tried": () => "什么都发不出去，原因见“未检查”",
  "connected-only": (p) => `${p.tries} 次都连上了；其中 ${p.mute} 次没能继续发请求：那里没有合适的工具`,
  "not-asked": () => "途中没有一个内核能问到",
  "not-read": () => "没能读到",
  "capture-unheard": (p) => `发出了 ${p.probes} 个带标记的报文，没有抓包点能证明它们到过哪里`,
  "capture-elsewhere": (p) => `有应答，但在 ${list(p.places)} 始终没有看到它`,
};
