import type { ChangingPhrases } from "../../../facts/phrases/changing.ts";
import type { PhraseWords } from "../phrases.ts";

/** What stands in the way of a repair, or of taking one back. */
export const changing: PhraseWords<ChangingPhrases> = {
  absent: () => "不存在",
  unchanged: () => "没有变",
  "no-chain": (p) => `没有链 ${p.chain}`,
  "no-policy": () => "没有默认策略",
  "no-one-place": (p) => `新规则应排在 ${p.rule} 之前，但 ${p.chain} 里没有这条规则，或者不止一条`,
  "place-gone": (p) => `${p.chain} 有 ${p.count} 条规则，原来第 ${p.number} 条的位置没有了`,
  "chain-lacks": (p) => `${p.chain} 缺少 ${p.rule}`,
  "chain-has": (p) => `${p.chain} 里还有 ${p.rule}`,
  "route-goes": (p) =>
    `打开转发后，内核不再接受路由器通告（RA），并会删除由 RA 学到的默认路由：${p.route}。要保留它，请先执行：sysctl -w ${p.key}=2（加 --persist 时，这一项也要写进配置文件）`,
  "not-put-back": (p) => `放不回去：${p.rule}`,
  was: (p) => `${p.now}，原来是 ${p.before}`,
  "key-absent": (p) => `${p.key} 不存在`,
  "no-bridge-port": () => "不是网桥的端口",
  "no-spec": () => "没有 .spec",
  "no-port": (p) => `没有端口 ${p.port}`,
  "chain-changed": () => "读取时这条链变了",
  "file-changed": () => "读取时有一个 sysctl 配置文件变了",
  "journal-changed": () => "读取时修复记录变了",
  "node-unreachable": () => "不可达",
  about: (p) => `${p.object}：${p.what}`,
  several: (p) => p.parts.join("；"),
  "diagnosed-as": (p) => `诊断结论是${{ healthy: "正常", broken: "不通", unknown: "未知" }[p.outcome]}`,
  "no-more-than": (p) => `目前是${{ confirmed: "已证实", likely: "很可能", suspected: "存疑" }[p.confidence]}`,
  "without-cause": () => "没有找到原因",
};
