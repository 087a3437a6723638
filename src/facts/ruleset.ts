import type { Prefix } from "./ip.ts";
import type { Provenance } from "./provenance.ts";

export type Hook = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";
export type Backend = "iptables-nft" | "iptables-legacy" | "nft";

/** All tables of one backend and family in one netns; every backend's base chains are in force at once. */
export interface Ruleset {
  readonly backend: Backend;
  readonly tables: readonly RuleTable[];
}

export interface RuleTable {
  /** raw, mangle, nat, filter, security; any name for native nft. */
  readonly name: string;
  /** ip, ip6, inet, bridge, arp, netdev. */
  readonly family: string;
  readonly chains: readonly Chain[];
}

export interface Chain {
  readonly name: string;
  /** Null for a user chain. A `bridge`, `ingress` or `egress` base chain keeps its nft name in lower case. */
  readonly hook: Hook | "ingress" | "egress" | null;
  /** NF_IP_PRI_*: raw -300, mangle -150, dstnat -100, filter 0, security 50, srcnat 100. Null for a user chain. */
  readonly priority: number | null;
  /** filter, nat, route; null for a user chain. */
  readonly type: string | null;
  readonly policy: "ACCEPT" | "DROP" | null;
  readonly rules: readonly Rule[];
  readonly because: Provenance;
}

export interface Rule {
  /** 1-based within its chain: `rule BACKEND:TABLE/CHAIN#N`. */
  readonly number: number;
  readonly matches: readonly Match[];
  /** Usually one; native nft may hold several statements in order. Empty: counts only. */
  readonly targets: readonly Target[];
  readonly comment: string | null;
  readonly packets: number | null;
  /** The rule as the tool prints it, without counters. */
  readonly text: string;
  readonly because: Provenance;
}

type Negatable = { readonly negate: boolean };
export type PortRange = readonly [number, number];

/** What a rule asks of a packet. `unknown` is answered by neither yes nor no. */
export type Match =
  | (Negatable & { readonly match: "source" | "destination"; readonly prefixes: readonly Prefix[] })
  | (Negatable & { readonly match: "in" | "out" | "physdev-in" | "physdev-out"; readonly name: string })
  | (Negatable & { readonly match: "physdev-is-bridged" })
  | (Negatable & { readonly match: "protocol"; readonly protocols: readonly number[] })
  | (Negatable & { readonly match: "sport" | "dport" | "port"; readonly ranges: readonly PortRange[] })
  | (Negatable & { readonly match: "tcp-flags"; readonly mask: readonly string[]; readonly set: readonly string[] })
  | (Negatable & { readonly match: "icmp-type"; readonly type: number; readonly code: number | null })
  | (Negatable & { readonly match: "mark" | "ct-mark"; readonly value: number; readonly mask: number })
  /** NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED, SNAT, DNAT. */
  | (Negatable & { readonly match: "ct-state"; readonly states: readonly string[] })
  | (Negatable & { readonly match: "ct-direction"; readonly direction: "ORIGINAL" | "REPLY" })
  | (Negatable & { readonly match: "ct-orig-dst" | "ct-orig-src"; readonly prefixes: readonly Prefix[] })
  | (Negatable & { readonly match: "ct-orig-dport"; readonly ranges: readonly PortRange[] })
  | (Negatable & {
      readonly match: "addrtype";
      readonly side: "src" | "dst";
      readonly types: readonly string[];
      readonly limitIface: "in" | "out" | null;
    })
  | (Negatable & { readonly match: "set"; readonly set: string; readonly dimensions: readonly ("src" | "dst")[] })
  | (Negatable & {
      readonly match: "rpfilter";
      readonly loose: boolean;
      readonly validMark: boolean;
      readonly acceptLocal: boolean;
    })
  | (Negatable & { readonly match: "statistic"; readonly mode: "random" | "nth"; readonly probability: number })
  | (Negatable & { readonly match: "socket" | "fragment" | "owner"; readonly text: string })
  | (Negatable & {
      readonly match: "iprange";
      readonly side: "src" | "dst";
      readonly low: bigint;
      readonly high: bigint;
    })
  | (Negatable & { readonly match: "ttl"; readonly op: "eq" | "lt" | "gt"; readonly ttl: number })
  /** A rate: true for a single packet as long as nothing exhausts it. */
  | (Negatable & { readonly match: "limit"; readonly text: string })
  | (Negatable & { readonly match: "time"; readonly window: TimeWindow; readonly readAtMs: number })
  | (Negatable & { readonly match: "unknown"; readonly module: string; readonly text: string });

/** When a rule is in force, in UTC. */
export interface TimeWindow {
  /** Milliseconds since the epoch; null: no bound. */
  readonly fromDate: number | null;
  readonly toDate: number | null;
  /** Seconds since midnight; past midnight where the first is the later. */
  readonly fromSecond: number;
  readonly toSecond: number;
  /** 0 is Sunday; null: every day. */
  readonly weekdays: readonly number[] | null;
  readonly monthdays: readonly number[] | null;
  readonly contiguous: boolean;
}

export interface NatRange {
  readonly low: bigint | null;
  readonly high: bigint | null;
  readonly ports: PortRange | null;
  readonly random: boolean;
}

export type Target =
  | { readonly do: "ACCEPT" | "DROP" | "RETURN" | "NOTRACK" | "LOG" | "MASQUERADE" | "TRACE" }
  | { readonly do: "REJECT"; readonly with: string }
  | { readonly do: "jump" | "goto"; readonly chain: string }
  /** mark = (mark & ~mask) ^ value (xt_mark, xt_MARK --set-xmark). */
  | { readonly do: "MARK"; readonly value: number; readonly mask: number }
  /** set as MARK; save and restore: to = (to & ~mask) ^ (from & value), so that `value` masks what is read. */
  | { readonly do: "CONNMARK"; readonly op: "set" | "save" | "restore"; readonly value: number; readonly mask: number }
  | { readonly do: "DNAT" | "SNAT"; readonly range: NatRange }
  | { readonly do: "REDIRECT"; readonly ports: PortRange | null }
  /** TCPMSS, TTL, set changes, counters: no effect on whether a packet passes. */
  | { readonly do: "harmless"; readonly name: string }
  /** NFQUEUE, TPROXY, a verdict map that was not read …: where the packet goes is not known. */
  | { readonly do: "unknown"; readonly name: string; readonly text: string };

/** `ipset save`, or a named set of native nft (`FAMILY TABLE NAME`). `entries` verbatim, with the netmask of their set. */
export interface IpSet {
  readonly name: string;
  /** hash:net, hash:ip, hash:ip,port, hash:net,iface, list:set, bitmap:port … */
  readonly type: string;
  readonly family: 4 | 6;
  readonly entries: readonly string[];
  readonly because: Provenance;
}
