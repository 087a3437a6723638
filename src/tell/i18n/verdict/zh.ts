import type { verdict as english } from "./en.ts";

/** `leg` as a verdict has it. */
const leg = (of: string): string => (of === "request" ? "请求" : of === "reply" ? "应答" : of);

/** What stands around the ladder. */
export const verdict: typeof english = {
  start: (p) => `出发点：${p.from} · 到节点的途径：${p.via}（${p.nodes} 个节点中到达 ${p.reached} 个）· 不改动任何东西`,
  offlineStart: (p) => `离线，数据来自${p.via} · ${p.nodes} 个节点 · 不发送任何报文`,
  doing: {
    objects: "正在读取集群对象",
    facts: "正在读取节点",
    taps: "正在启动抓包",
    tries: "正在重现故障现象",
    probes: "正在发送带标记的报文",
    knock: "正在请相邻节点探测是否还有响应：",
    search: "正在寻找改了就能通的那一处",
  },
  waiting: (p: { nodes: readonly string[]; seconds: number; limit: number }) =>
    `在等 ${p.nodes.join("、")}，已 ${p.seconds} 秒（每条命令最多 ${p.limit} 秒，见 --timeout）`,
  confidence: { confirmed: "已证实", likely: "很可能", suspected: "存疑" },
  outcome: { healthy: "正常", broken: "不通", unknown: "未知" },
  healthy: "每个分支都推演过，也都有应答，请求和应答两个方向都通。",
  healthyOffline: "按推演，每个分支的请求和应答都能送达。没有发送任何报文：这些是录制数据。",
  unknown: "确实不通，原因不明。",
  unknownAt: (p) => `确实不通，原因不明。最后一次看到报文是在 ${p.at}。`,
  serverAtFault: (p) =>
    p.silent === null
      ? `没有丢包：节点 ${p.node} 上的 ${p.pod} ${p.status === null ? "接受了连接却不应答" : `返回 ${p.status}`}。`
      : `没有丢包：节点 ${p.node} 上的 ${p.pod} 向 ${p.silent} 发的请求送到了，对方没有应答。`,
  notReachedDirectly: "Lasthop 观察期间没有出错，但直接访问时并非每个 Endpoint 都有应答：见“可达”一层。",
  notReproduced: "Lasthop 观察期间没有出错，但不能确认每个分支都完好。",
  voices: {
    predict: (p) => `推演止于节点 ${p.node}：${p.disposition}${p.detail === "" ? "" : `，依据是 ${p.detail}`}`,
    ask: (p) => `${p.question}："${p.answer}"${p.agrees === false ? " —— 内核的答复与推演不符" : ""}`,
    witness: (p) =>
      p.at === null
        ? `发出 ${p.of} 个，没有任何抓包点看到`
        : `${p.of} 个中有 ${p.seen} 个止于节点 ${p.node} 的 ${p.at}`,
    whatIf: (p) =>
      `${p.wanted === null ? `只去掉 ${p.object}` : `只改 ${p.object} = ${p.wanted} 这一处`}：${p.delivers ? "请求和应答都能送达" : "仍然无法送达"}`,
    dissent: (p) => `异议：${p.what}`,
  },
  labels: {
    predict: "推演",
    ask: "询问",
    witness: "见证",
    whatIf: "假如",
    lastHop: "最后一跳",
    affected: "受影响",
    recurs: "会复发",
    notChecked: "未检查",
    also: "另外",
    now: "接下来",
    exit: "退出码",
  },
  took: {
    objects: "集群对象",
    facts: "节点数据",
    open: "首次尝试之前",
    tries: "尝试",
    probes: "探测",
    search: "寻找原因",
    again: "重新读取",
    total: "总计",
  },
  rungs: {
    http: "HTTP",
    service: "Service",
    endpoints: "Endpoint",
    pods: "Pod",
    reach: "可达",
    route: "路由",
    capture: "抓包",
    kernel: "内核",
    dns: "DNS",
  },
  lastHop: (p) =>
    p.at === null
      ? `${p.node}：没有抓包点看到${leg(p.leg)}`
      : `${p.node}${p.netns === "host" ? "" : ` ${p.netns}`} ${p.at}，${leg(p.leg)}${p.next === null ? "" : `；接下来本该出现在 ${p.next}`}${p.isSeen ? "" : "（由推演得出，那里没有抓包）"}`,
  affected: (p) =>
    [
      p.pods === 0 ? null : `${p.node === null ? "" : `节点 ${p.node} 上的 `}${p.pods} 个 Pod`,
      p.services.length === 0
        ? null
        : `${p.services.length} 个 Service（${p.services.slice(0, 4).join("、")}${p.services.length > 4 ? "……" : ""}）`,
    ]
      .filter((part) => part !== null)
      .join("，"),
  recurs: (p) => `${p.by}（${p.when}）${p.at === null ? "" : `，${p.at}`}`,
  inOneLine: (parts) => parts.join("："),
  inOneFinding: (lines) => lines.join("；"),
  notChecked: (p) => `${p.what}：${p.why}`,
  moreNotChecked: (p) => `另有 ${p.count} 项；-o markdown 会全部列出`,
  next: {
    plan: "只看方案，不做改动",
    apply: "执行，读回确认，再用同样的方式试一次",
    none: "这个原因没有推导出可用的修复",
    meant: "无需修复；若并非本意，请修改策略",
    offline: "这些是录制数据：要修复，请对集群本身做诊断",
  },
};
