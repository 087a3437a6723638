import type { Nothing } from "../phrase.ts";

/** Codes and values for what taps, probes and traces could not tell, and why. */
export interface WitnessingPhrases {
  "absence-in": { readonly netns: string };
  "tap-proved-nothing": Nothing;
  "tap-too-many-links": Nothing;
  "tap-not-immediate": Nothing;
  "tap-ended-early": Nothing;
  "tap-overflowed": Nothing;
  "tap-without-counts": Nothing;
  "tap-dropped": { readonly count: number };
  "tap-not-arrived": { readonly count: number };
  "tap-not-written": { readonly count: number };
  "tcpdump-missing": Nothing;
  "capture-forbidden": Nothing;
  "tap-not-started": Nothing;
  "capture-file": { readonly path: string };
  "drop-reasons-on": { readonly node: string };
  "tracefs-not-mounted": Nothing;
  "tracefs-forbidden": Nothing;
  "trace-refused": Nothing;
  "trace-not-started": Nothing;
  "no-drop-reasons": Nothing;
  "trace-ended-early": Nothing;
  "trace-overrun": { readonly count: number };
  "sending-from": { readonly kind: string; readonly netns: string };
  "tool-missing": { readonly tool: string };
  "not-installed": { readonly tool: string };
  "not-ended": Nothing;
}
