import type { WitnessingPhrases } from "../../../facts/phrases/witnessing.ts";
import type { PhraseWords } from "../phrases.ts";

/** What taps, probes and traces could not tell, and why. */
export const witnessing: PhraseWords<WitnessingPhrases> = {
  "absence-in": (p) => `${p.netns} 中“没有看到报文”是否可信`,
  "tap-proved-nothing": () => "这个抓包点什么也证明不了",
  "tap-too-many-links": () => "接口比抓包点多，而该节点的 tcpdump 又分不清它们",
  "tap-not-immediate": () => "这个 tcpdump 没有 --immediate-mode：最后几个报文会丢",
  "tap-ended-early": () => "还没有叫它停，tcpdump 自己就退出了",
  "tap-overflowed": () => "报文太多，留不下",
  "tap-without-counts": () => "tcpdump 退出时没有给出计数",
  "tap-dropped": (p) => `抓包时丢了 ${p.count} 个报文`,
  "tap-not-arrived": (p) => `抓到的报文有 ${p.count} 个没有传回来`,
  "tap-not-written": (p) => `有 ${p.count} 个报文收到了却没有写出`,
  "tcpdump-missing": () => "没有安装 tcpdump",
  "capture-forbidden": () => "没有抓包的权限",
  "tap-not-started": () => "tcpdump 没有开始监听",
  "capture-file": (p) => `抓包文件 ${p.path}`,
  "drop-reasons-on": (p) => `节点 ${p.node} 的内核丢包原因`,
  "tracefs-not-mounted": () => "没有挂载 tracefs",
  "tracefs-forbidden": () => "没有读取 tracefs 的权限",
  "trace-refused": () => "内核不给建 trace instance",
  "trace-not-started": () => "跟踪没有启动",
  "no-drop-reasons": () => "这个内核不提供丢包原因（5.17 起才有）",
  "trace-ended-early": () => "还没有叫它停，跟踪就结束了",
  "trace-overrun": (p) => `事件太多，缓冲区放不下，丢了 ${p.count} 个`,
  "sending-from": (p) => `从 ${p.netns} 发 ${p.kind}`,
  "tool-missing": (p) => `节点上没有 ${p.tool}`,
  "not-installed": (p) => `没有安装 ${p.tool}`,
  "not-ended": () => "它没有结束",
};
