import type { Cause } from "./cause.ts";

/** What is meant so: found by comparing what the policies declare with where a packet ends. */
export const policyDenies: Cause = {
  id: "netpol-deny",
  layer: "policy",
  words: {
    en: {
      summary: (p) =>
        `NetworkPolicy ${p.policies} denies it (${p.direction}${p.from === "" ? "" : `, ${p.from}`} → ${p.to}): it is meant so, and no fault.`,
    },
    zh: {
      summary: (p) =>
        `NetworkPolicy ${p.policies} 不允许（${p.direction}${p.from === "" ? "" : `，${p.from}`} → ${p.to}）：这是有意为之，不是故障。`,
    },
  },
  recognise: () => null,
};
