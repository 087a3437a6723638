import { CONNTRACK_MAX } from "../walk/conntrack-table.ts";
import type { Cause } from "./cause.ts";
import { single, WHERE, WHOSE } from "./cause.ts";

export const ipForwardOff: Cause = {
  id: "ip-forward-off",
  layer: "sysctl",
  words: {
    en: { summary: (p) => `Node ${p.node} does not forward: ${p.object} is ${p.found}.` },
    zh: { summary: (p) => `节点 ${p.node} 不转发报文：${p.object} 为 ${p.found}。` },
  },
  recognise: ({ edits: [edit] }) =>
    edit?.do === "set-sysctl" &&
    /^net\.(ipv4\.(ip_forward|conf\.all\.forwarding)|ipv6\.conf\.all\.forwarding)$/.test(edit.key)
      ? single()
      : null,
};

export const perIfaceForwardingOff: Cause = {
  id: "per-iface-forwarding-off",
  layer: "sysctl",
  words: {
    en: {
      summary: (p) =>
        `Node ${p.node} does not forward what arrives on ${p.link}: ${p.object} is ${p.found}, although ip_forward is 1.`,
    },
    zh: {
      summary: (p) => `节点 ${p.node} 不转发从 ${p.link} 进来的报文：${p.object} 为 ${p.found}，而 ip_forward 是 1。`,
    },
  },
  recognise: ({ edits: [edit] }) => {
    if (edit?.do !== "set-sysctl") return null;
    const link = /^net\.ipv[46]\.conf\.(.+)\.(?:force_)?forwarding$/.exec(edit.key)?.[1];
    return link === undefined || link === "all" ? null : single({ link: link.replaceAll("/", ".") });
  },
};

export const rpFilterStrict: Cause = {
  id: "rp-filter-strict",
  layer: "sysctl",
  words: {
    en: { summary: (p) => `${WHOSE.en(p)} drops by reverse path filtering: ${p.object} is ${p.found}.` },
    zh: { summary: (p) => `${WHOSE.zh(p)} 因反向路径过滤而丢包：${p.object} 为 ${p.found}。` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "set-sysctl" && edit.key.endsWith(".rp_filter") ? single() : null),
};

export const conntrackTableFull: Cause = {
  id: "conntrack-table-full",
  layer: "conntrack",
  words: {
    en: {
      summary: (p) =>
        `Node ${p.node} tracks no further connection: its conntrack table is full (${p.object} is ${p.found}).`,
    },
    zh: { summary: (p) => `节点 ${p.node} 的 conntrack 表已满，无法再跟踪新连接（${p.object} 为 ${p.found}）。` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "set-sysctl" && edit.key === CONNTRACK_MAX ? single() : null),
};

export const sysctlWrong: Cause = {
  id: "sysctl-wrong",
  layer: "sysctl",
  words: {
    en: { summary: (p) => `${p.object} ${WHERE.en(p)} is ${p.found}; the packet needs ${p.wanted}.` },
    zh: { summary: (p) => `${WHERE.zh(p)}的 ${p.object} 为 ${p.found}，报文要求它是 ${p.wanted}。` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "set-sysctl" ? single() : null),
};
