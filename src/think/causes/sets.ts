import type { Cause } from "./cause.ts";
import { single, WHERE } from "./cause.ts";

export const ipsetEntryMissing: Cause = {
  id: "ipset-entry-missing",
  layer: "netfilter",
  words: {
    en: {
      summary: (p) => `The set ${p.set} ${WHERE.en(p)} lacks ${p.entry}, which its peers' sets of that name hold.`,
    },
    zh: { summary: (p) => `${WHERE.zh(p)}的集合 ${p.set} 缺少 ${p.entry}，而其他节点的同名集合里都有它。` },
  },
  recognise: ({ edits: [edit] }) =>
    edit?.do === "set-ipset-entry" && edit.present ? single({ set: edit.set, entry: edit.entry }) : null,
};

export const ipsetEntryForeign: Cause = {
  id: "ipset-entry-foreign",
  layer: "netfilter",
  words: {
    en: { summary: (p) => `The set ${p.set} ${WHERE.en(p)} holds ${p.entry}, which no peer's set of that name holds.` },
    zh: { summary: (p) => `${WHERE.zh(p)}的集合 ${p.set} 多出了 ${p.entry}，而其他节点的同名集合里都没有它。` },
  },
  recognise: ({ edits: [edit] }) =>
    edit?.do === "set-ipset-entry" && !edit.present ? single({ set: edit.set, entry: edit.entry }) : null,
};
