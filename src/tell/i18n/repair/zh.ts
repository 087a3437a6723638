import type { Words } from "../en.ts";

/** Plans, repairs, the journal. */
export const repair: Words["repair"] = {
  api: "Kubernetes API",
  absentNow: "  （当前不存在）",
  now: (p) => `  （当前为 ${p.found}）`,
  asWanted: "  （当前已是应有的样子）",
  unreadable: (p) => `  （现在读不到：${p.why}）`,
  byHand: "需手工处理：没有安全的在线改法",
  willLose: (p) =>
    `在节点 ${p.node} 上保持不住：${p.by} 下次重新加载时，${p.file}:${p.line} 会设置 ${p.key} = ${p.value}`,
  nothingChanged: "什么都没有改。加 --apply 才会执行、读回确认，并再试一次原来的故障。",
  nothingUndone: "什么都没有改。加 --apply 才会撤销。",
  done: (p) => `已完成并读回确认；撤销：lasthop undo ${p.id}`,
  already: "上一步已经顺带完成",
  persisted: (p) => `已写入 ${p.file}`,
  takesBack: "撤销：",
  undone: (p) =>
    `${p.runtime === "gone" ? "重启已经把它撤销了" : "已恢复原样"}${p.file === "restored" ? "，文件也一并恢复" : ""}`,
  noRepairs: "这里没有做过修复。",
};

/** What went wrong while a node was altered. */
export const changeErrors: Words["changeErrors"] = {
  "nothing-to-repair": "没有可修复的东西",
  "not-confirmed": "原因还没有证实",
  "not-proven": "没有证明这个修复能让报文送达",
  "unknown-repair": "没有这种修复",
  "bad-params": "修复的参数不对",
  "by-hand": "这个不能在运行中安全地改",
  "no-node": "到不了这个节点",
  "no-netns": "Pod 的 network namespace 已经不在了",
  "no-api": "需要 Kubernetes API，但用不了",
  unreadable: "要改的东西读不到",
  "changed-since": "它已经不是诊断时的样子",
  "already-done": "它已经是应有的样子",
  "command-failed": "有一条命令失败了",
  "read-back-differs": "读回来的和写进去的不一样",
  "journal-unwritable": "日志写不进去",
  "journal-not-found": "日志里没有这一条",
  "already-undone": "已经撤销过了",
  "already-gone": "它什么都没有留下",
  "not-what-we-left": "它已经不是修复后留下的样子",
  "not-restored": "没有全部恢复原样",
  "persist-not-host": "只有节点自己的 sysctl 才有配置文件",
  "persist-shared-file": "这个文件属于另一台机器",
  "persist-unwritable": "文件写不进去",
};
