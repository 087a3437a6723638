import type { Nothing, Phrase } from "../phrase.ts";

/** Codes and values for what a verdict rests on, and for where packets were seen. */
export interface EvidencePhrases {
  "api-lists": Nothing;
  "object-counts": {
    readonly nodes: number;
    readonly pods: number;
    readonly services: number;
    readonly endpoints: number;
  };
  /** `input`: the symptom as it was typed. */
  "tries-from": {
    readonly kind: string;
    readonly input: string;
    readonly netns: string;
    readonly recorded: boolean;
  };
  "recorded-tries": { readonly protocol: string; readonly netns: string; readonly to: string };
  /** `how`: an HTTP status, or the outcome of a try. */
  "one-try": {
    readonly n: number;
    readonly how: string;
    readonly ms: number | null;
    readonly detail: Phrase;
  };
  "line-of": { readonly command: string; readonly line: number };
  "walk-end": { readonly disposition: string; readonly detail: Phrase };
  "tcpdump-in": { readonly namespaces: number };
  "seen-at": {
    readonly place: string;
    readonly hop: Phrase;
    readonly leg: "request" | "reply";
    readonly count: number;
  };
  lines: { readonly lines: readonly Phrase[] };
  /** An interface and a direction, where the packet is inside of a tunnel. */
  tunnelled: { readonly at: string };
  "place-and-hop": { readonly place: string; readonly hop: Phrase };
  "usable-endpoint": { readonly address: string; readonly node: string | null; readonly ready: boolean };
}
