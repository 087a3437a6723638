import { netnsNameOf } from "../../facts/provenance.ts";
import { asksChain } from "../walk/edits/chains.ts";
import type { Branch } from "../walk/branch.ts";
import type { Disposition } from "../walk/dispositions.ts";
import type { Header } from "../walk/packet.ts";
import type { Cause, Finding } from "./cause.ts";
import { single, WHOSE } from "./cause.ts";

/** The packet that the rule stopped: the one the leg's last step holds. */
function stopped(at: Branch): readonly Header[] {
  return at.steps.at(-1)?.packet.headers ?? [];
}

function isRuleEdit({ edits: [edit] }: Finding): boolean {
  return edit?.do === "remove-rule" || edit?.do === "set-policy";
}

const STOPS: ReadonlySet<Disposition> = new Set(["NETFILTER_DROP", "NETFILTER_REJECT", "UNKNOWN"]);

/** By this very rule, or policy: a packet that one rule sends astray is stopped elsewhere, by something else. */
function isStopped({ at, edits: [edit] }: Finding): boolean {
  if (!STOPS.has(at.end)) return false;
  if (edit?.do !== "remove-rule") return edit?.do === "set-policy";
  return at.decidedBy.some((read) => asksChain(read, edit.netns, edit) && read.number === edit.number);
}

function isEncapsulated(finding: Finding, kind: "vxlan" | "ipip"): boolean {
  if (!isStopped(finding)) return false;
  const headers = stopped(finding.at);
  if (kind === "vxlan") return headers.some((h) => h.kind === "vxlan");
  return (
    headers.filter((h) => h.kind === "ip").length > 1 && !headers.some((h) => h.kind === "vxlan" || h.kind === "gre")
  );
}

export const vxlanUdpBlocked: Cause = {
  id: "vxlan-udp-blocked",
  layer: "netfilter",
  words: {
    en: { summary: (p) => `Node ${p.node} drops the tunnel's own packets (VXLAN over UDP): ${p.object}: ${p.found}` },
    zh: { summary: (p) => `节点 ${p.node} 丢弃隧道自己的报文（VXLAN over UDP）：${p.object}：${p.found}` },
  },
  recognise: (finding) => (isEncapsulated(finding, "vxlan") ? single() : null),
};

export const ipipBlocked: Cause = {
  id: "ipip-proto4-blocked",
  layer: "netfilter",
  words: {
    en: { summary: (p) => `Node ${p.node} drops the tunnel's own packets (IP protocol 4): ${p.object}: ${p.found}` },
    zh: { summary: (p) => `节点 ${p.node} 丢弃隧道自己的报文（IP 协议 4）：${p.object}：${p.found}` },
  },
  recognise: (finding) => (isEncapsulated(finding, "ipip") ? single() : null),
};

export const podRuleDrops: Cause = {
  id: "pod-iptables-drop",
  layer: "netfilter",
  words: {
    en: {
      summary: (p) =>
        `A rule inside ${WHOSE.en(p)} ${p.stops === "nothing" ? "sends the packet astray" : "stops the packet"}: ${p.object}: ${p.found}`,
    },
    zh: {
      summary: (p) =>
        `${WHOSE.zh(p)} 内部的一条规则${p.stops === "nothing" ? "把报文改送到了别处" : "拦下了报文"}：${p.object}：${p.found}`,
    },
  },
  recognise: (finding) => {
    const [edit] = finding.edits;
    return edit !== undefined && isRuleEdit(finding) && netnsNameOf(edit.netns) !== "host"
      ? single({ stops: stoppedBy(finding) })
      : null;
  },
};

export const forwardReject: Cause = {
  id: "forward-reject",
  layer: "netfilter",
  words: {
    en: { summary: (p) => `Node ${p.node} rejects what it should forward: ${p.object}: ${p.found}` },
    zh: { summary: (p) => `节点 ${p.node} 拒绝了本该转发的报文：${p.object}：${p.found}` },
  },
  recognise: (finding) => (finding.at.end === "NETFILTER_REJECT" && isForwarded(finding) ? single() : null),
};

export const forwardDrop: Cause = {
  id: "forward-drop",
  layer: "netfilter",
  words: {
    en: { summary: (p) => `Node ${p.node} drops what it should forward: ${p.object}: ${p.found}` },
    zh: { summary: (p) => `节点 ${p.node} 丢弃了本该转发的报文：${p.object}：${p.found}` },
  },
  recognise: (finding) => (isForwarded(finding) ? single() : null),
};

export const ruleDrops: Cause = {
  id: "rule-drops",
  layer: "netfilter",
  words: {
    en: {
      summary: (p) =>
        `A netfilter rule on ${p.node} ${p.stops === "discovery" ? "stops neighbour discovery" : p.stops === "nothing" ? "sends the packet astray" : "stops the packet"}: ${p.object}: ${p.found}`,
    },
    zh: {
      summary: (p) =>
        `节点 ${p.node} 上的一条 netfilter 规则${p.stops === "discovery" ? "拦下了邻居发现" : p.stops === "nothing" ? "把报文改送到了别处" : "拦下了报文"}：${p.object}：${p.found}`,
    },
  },
  recognise: (finding) => (isRuleEdit(finding) ? single({ stops: stoppedBy(finding) }) : null),
};

export const ruleMissing: Cause = {
  id: "rule-missing",
  layer: "netfilter",
  words: {
    en: { summary: (p) => `${WHOSE.en(p)} lacks a rule that its peers have: ${p.wanted}` },
    zh: { summary: (p) => `${WHOSE.zh(p)} 缺少一条其他节点都有的规则：${p.wanted}` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "add-rule" ? single() : null),
};

/** The packet itself, the question for its next hop's MAC address, or nothing: the rule rewrites it. */
function stoppedBy(finding: Finding): "packet" | "discovery" | "nothing" {
  const { at, edits } = finding;
  const [edit] = edits;
  if (isStopped(finding)) return "packet";
  const asksRule = at.decidedBy.some((read) => read.of === "rule" && read.netns === edit?.netns);
  return at.end === "NEIGHBOUR_FAILED" && asksRule ? "discovery" : "nothing";
}

/** The packet had passed the forwarding decision in the netns where the rule stopped it. */
function isForwarded(finding: Finding): boolean {
  if (!isStopped(finding)) return false;
  const { at } = finding;
  const inNetns = at.steps.filter((s) => s.netns === at.netns);
  const lastTap = inNetns.findLastIndex((s) => s.kind === "tap-in");
  return inNetns.slice(lastTap + 1).some((s) => s.kind === "forward" || s.kind === "bridge-forward");
}
