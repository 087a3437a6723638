import type { Nothing, Phrase } from "../phrase.ts";

/** Codes and values for steps of a walk that rest on no line of a tool. */
export interface SteppingPhrases {
  "no-route": Nothing;
  "no-route-to": { readonly address: string };
  "own-address": { readonly address: string; readonly netns: string };
  /** Settings that check a source, and the route that it would be answered by. */
  "checked-by": { readonly settings: string; readonly route: Phrase };
  flooded: { readonly mac: string };
  "other-mac": { readonly dst: string; readonly mac: string | null };
  /** An answer that does not come back. */
  "answer-lost": { readonly address: string; readonly mac: string | null; readonly at: string };
  "routed-to": { readonly netns: string; readonly link: string };
  "no-remote": Nothing;
  "no-tunnel-device": Nothing;
  "no-fdb-entry": { readonly mac: string };
  "nobody-listens": { readonly protocol: string; readonly address: string; readonly port: number };
}
