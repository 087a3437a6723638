import type { Nothing } from "../phrase.ts";

/** Codes and values for why a line of a tool was not understood. */
export interface ParsingPhrases {
  "lines-not-understood": { readonly count: number };
  "no-value": Nothing;
  "no-header": Nothing;
  "columns-differ": Nothing;
  "names-differ": Nothing;
  "names-without-values": Nothing;
  "no-counter": Nothing;
  "no-device": Nothing;
  "no-link": Nothing;
  "continues-nothing": Nothing;
  "link-renamed": { readonly index: number; readonly name: string };
  "unknown-command": Nothing;
  "set-not-created": Nothing;
  "no-virtual-server": Nothing;
  "unknown-word": { readonly word: string };
  "no-forwarding-entry": Nothing;
  "rules-beyond": { readonly most: number };
  "no-json": Nothing;
  "no-nft-list": Nothing;
  "no-nft-object": Nothing;
  "flowtable-offloads": Nothing;
  "chain-not-declared": Nothing;
  "no-priority": Nothing;
  "no-action": Nothing;
  "no-prefix": { readonly word: string; readonly text: string };
  "mark-no-number": Nothing;
  "table-unnumbered": { readonly table: string };
  "from-not-modelled": Nothing;
  "unknown-tos": Nothing;
  "address-unread": { readonly word: string; readonly text: string };
  "no-route-destination": Nothing;
  "nexthop-not-printed": { readonly id: string };
  "table-not-printed": { readonly backend: string };
  "no-commit": Nothing;
  "outside-table": Nothing;
  "ends-in-table": Nothing;
  "unknown-base-chain": Nothing;
  "no-rule": Nothing;
  "unknown-socket": Nothing;
  "no-state-or-queues": Nothing;
  "no-socket-address": Nothing;
  "no-connection": Nothing;
  "zones-left-out": Nothing;
}
