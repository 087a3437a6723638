import type { changeErrors as englishErrors, changeHints as englishHints, repair as english } from "./en.ts";

/** Plans, repairs, the journal. */
export const repair: typeof english = {
  cause: (p) => {
    const found = p.found ?? (p.isAbsent ? "不存在" : null);
    const wanted = p.wanted ?? (p.isToGo ? "不存在" : null);
    const values = [found === null ? "" : `，现值 ${found}`, wanted === null ? "" : `，应为 ${wanted}`];
    return `${p.id}${p.place === null ? "" : `（${p.place}）`}：${p.object}${values.join("")}`;
  },
  api: "Kubernetes API",
  absentNow: "  （当前不存在）",
  now: (p) => `  （当前为 ${p.found}）`,
  asWanted: "  （当前已是应有的样子）",
  unreadable: (p) => `  （现在读不到：${p.why}）`,
  byHand: "需手工处理：没有安全的在线改法",
  losses: (p) => `节点 ${p.node}：${p.what}`,
  willLose: (p) =>
    `在节点 ${p.node} 上保持不住：${p.by} 下次重新加载时，${p.file}:${p.line} 会设置 ${p.key} = ${p.value}`,
  nothingChanged: "什么都没有改。加 --apply 才会执行、读回确认，并用同样的方式再试一次。",
  nothingUndone: "什么都没有改。加 --apply 才会撤销。",
  done: (p) => `已完成并读回确认；撤销：lasthop undo ${p.id}`,
  unfinished: (p) => `已经动手，但没有做完：lasthop undo ${p.id} 会先看有什么要撤销`,
  already: "上一步已经顺带完成",
  persisted: (p) => `已写入 ${p.file}`,
  takesBack: "撤销：",
  undone: (p) =>
    p.runtime === "in-force"
      ? "文件已恢复原样；这个值目前仍然生效，下次重启时 Lasthop 的文件不会再设置它"
      : `${({ gone: "重启已经把它撤销了", "gone-with-pod": "Pod 已经重建，改动随旧 Pod 一起消失了" } as Record<string, string>)[p.runtime] ?? "已恢复原样"}${p.file === "restored" ? "，文件也一并恢复" : ""}`,
  states: {
    applied: "生效中",
    failed: "失败",
    interrupted: "中断",
    undone: "已撤销",
    expired: "已失效",
  },
  noRepairs: "这里没有做过修复。",
};

/** What went wrong while a node was altered. */
export const changeErrors: typeof englishErrors = {
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
  "loses-more": "这样改会让节点失去别的东西",
  "command-failed": "有一条命令失败了",
  "read-back-differs": "读回来的和写进去的不一样",
  "journal-unwritable": "修复记录无法写入",
  "journal-behind": "节点已经改了，修复记录却没能跟着更新",
  "journal-unread": "有节点的修复记录读不到，无法确定哪一次修复是最近的",
  "journal-not-found": "修复记录里没有这一条",
  "already-undone": "已经撤销过了",
  "already-gone": "它什么都没有留下",
  "not-what-we-left": "它已经不是修复后留下的样子",
  "not-restored": "没有全部恢复原样",
  "persist-not-host": "只有节点自己的 sysctl 才有配置文件",
  "persist-shared-file": "这个文件属于另一台机器",
  "persist-unwritable": "文件无法写入",
};

/** What helps then. */
export const changeHints: typeof englishHints = {
  "nothing-to-repair": "先做诊断：这份结论里没有 Lasthop 能做的修复",
  "not-confirmed": "在能抓包见证的条件下重新诊断，或者加 --force",
  "not-proven": "没有看到带上这个修复后推演能送达；--force 可以强制尝试",
  "unknown-repair": "这份结论是别的版本的 Lasthop 写的",
  "bad-params": "这份结论被改过，或者是别的版本的 Lasthop 写的",
  "by-hand": "没有安全的在线改法：请照打印出来的命令手工处理",
  "no-node": "在 --inventory 里写上这个节点",
  "no-netns": "Pod 已经不在或者换了地方：重新诊断",
  "no-api": "给一个能读 Pod、也有权 patch 该对象的 kubeconfig",
  unreadable: "节点上没有这个工具，或者不许在那里用",
  "changed-since": "重新诊断",
  "already-done": "重新诊断",
  "loses-more": "先照提示保住它，或者加 --force；`lasthop undo` 可以把它恢复回来",
  "command-failed": "看命令自己的输出；`lasthop undo` 可以撤销已经做了的",
  "read-back-differs": "有其他程序在改写这个值；`lasthop undo` 可以撤销已经做了的",
  "journal-unwritable": "什么都没有改；节点上的 /var/lib/lasthop 必须可写",
  "journal-behind": "先让 /var/lib/lasthop 可写，再用这一条的编号执行 `lasthop undo`：它会先看还剩什么要撤销",
  "journal-unread": "用 `lasthop repairs` 查看，再指明要撤销哪一次：`lasthop undo ID`",
  "journal-not-found": "见 `lasthop repairs`",
  "already-undone": "见 `lasthop repairs`",
  "already-gone": "修复之后节点重启过，或者 Pod 已经重建：内核里没有留下修复的任何痕迹",
  "not-what-we-left": "后来有人改过它；看清楚之后再加 --force",
  "not-restored": "节点和修复记录里的改前状态仍有出入：见上面的详情",
  "persist-not-host": "Pod 的 network namespace 没有自己的配置文件：请改它的配置",
  "persist-shared-file": "这个节点是一个 network namespace，它和所在机器共用 /etc/sysctl.d",
  "persist-unwritable": "修复在下次重新加载之前有效；请手工写这个文件",
};
