import type { Nothing, Phrase } from "../phrase.ts";

/** Codes and values for what a hunt left open, and why. */
export interface HuntingPhrases {
  "again-after-probes": { readonly object: string };
  "not-read-again": Nothing;
  "no-longer-so": Nothing;
  "said-on-connections": { readonly to: string };
  "only-opened": Nothing;
  "only-delivered": Nothing;
  "only-pinged": Nothing;
  "answers-of": { readonly to: string };
  "never-recorded": Nothing;
  "policies-of-engine": { readonly node: string };
  "only-network-policies": Nothing;
  "walk-to": { readonly address: string };
  "recorded-flows": { readonly count: number };
  "senders-not-collected": Nothing;
  "capture-gone": Nothing;
  "capture-too-long": { readonly bytes: number };
  "capture-empty": Nothing;
  "capture-without-links": Nothing;
  "endpoints-directly": { readonly count: number; readonly of: number };
  "ways-directly": { readonly count: number; readonly of: number };
  "most-ways": { readonly most: number };
  "most-endpoints": { readonly most: number };
  "places-left-out": { readonly nodes: readonly string[] };
  "none-permitted": Nothing;
  "untold-tries": { readonly count: number; readonly of: number; readonly netns: string };
  "end-not-told": Nothing;
  places: { readonly places: readonly Phrase[] };
  "not-enterable": Nothing;
  "kernel-dissents": {
    readonly node: string;
    readonly question: string;
    readonly predicted: Phrase;
    readonly said: Phrase;
  };
  "counter-dissents": { readonly disposition: string; readonly node: string; readonly counter: string };
  "packets-dissent": { readonly disposition: string; readonly place: string };
  "who-sets-back": { readonly key: string; readonly node: string };
  "no-file-sets-it": Nothing;
  "next-reload-or-boot": Nothing;
  "next-boot": Nothing;
  "next-suspend": Nothing;
  "next-network-restart": Nothing;
  "next-tuned": Nothing;
  "next-ufw": Nothing;
  "next-firewall": Nothing;
  "next-link": Nothing;
  "network-stop-by-vmware": Nothing;
  "gce-guest": Nothing;
  "udev-rp-filter": Nothing;
}
