/** How a try ended. An HTTP status stays as it is. */
const OUTCOMES: Readonly<Record<string, string>> = {
  answered: "有应答",
  refused: "连接被拒绝",
  unreachable: "不可达",
  "no-route": "没有路由",
  "too-big": "报文过大",
  "no-tool": "没有可用的工具",
  timeout: "超时",
  reset: "连接被重置",
  sent: "已发出",
  failed: "失败",
};

export function outcomeInChinese(outcome: string): string {
  return OUTCOMES[outcome] ?? outcome;
}
