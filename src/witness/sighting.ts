import type { Phrase } from "../facts/phrase.ts";
import type { NetnsId } from "../facts/provenance.ts";
import type { Ip } from "../facts/ip.ts";

/** A header as captured, outermost first. */
export type SeenHeader =
  | { readonly kind: "ethernet"; readonly src: string; readonly dst: string }
  | { readonly kind: "vlan"; readonly id: number }
  | {
      readonly kind: "ip";
      readonly src: Ip;
      readonly dst: Ip;
      readonly protocol: number;
      readonly ttl: number;
      readonly id: number | null;
      readonly df: boolean;
      readonly fragmentOffset: number;
      readonly length: number;
    }
  | {
      readonly kind: "tcp";
      readonly sport: number;
      readonly dport: number;
      readonly seq: number;
      readonly ack: number;
      readonly syn: boolean;
      readonly ackFlag: boolean;
      readonly fin: boolean;
      readonly rst: boolean;
      readonly payload: number;
      /** Of a segment that begins with the status line of an HTTP/1 response (RFC 9112). */
      readonly httpStatus?: number;
    }
  | {
      readonly kind: "udp";
      readonly sport: number;
      readonly dport: number;
      /** Empty where the headers of a tunnel follow. */
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: "icmp";
      readonly type: number;
      readonly code: number;
      readonly id: number;
      readonly seq: number;
      readonly payload: Uint8Array;
    }
  /** The headers that an ICMP error quotes: what it is about. */
  | { readonly kind: "quoted"; readonly headers: readonly SeenHeader[] }
  | { readonly kind: "vxlan"; readonly vni: number }
  | { readonly kind: "geneve"; readonly vni: number }
  | { readonly kind: "gre"; readonly protocol: number; readonly key: number | null }
  /** WireGuard, ESP, or bytes that no decoder knows: nothing inside can be witnessed. */
  | { readonly kind: "opaque"; readonly protocol: string; readonly length: number };

/** One frame seen by one tap, before it is known whose it is. */
export interface Frame {
  readonly netns: NetnsId;
  /** Null when the capture does not tell (LINUX_SLL on `any`). */
  readonly link: string | null;
  readonly direction: "in" | "out" | null;
  /** Its MAC address is not the link's: normal on a bridge's port, elsewhere it is heard and not taken. */
  readonly forOthers?: true;
  readonly headers: readonly SeenHeader[];
  /** Position in its file: the only order within a netns. */
  readonly order: number;
  /** Never compared between nodes. */
  readonly atNs: bigint;
}

/** A frame that belongs to a probe. */
export interface Sighting {
  readonly probe: string;
  readonly leg: "request" | "reply";
  readonly netns: NetnsId;
  readonly link: string;
  readonly direction: "in" | "out" | null;
  readonly forOthers?: true;
  /** `outer`: the probe's packet is inside a tunnel here. `inner`: it is bare. */
  readonly header: "outer" | "inner";
  readonly headers: readonly SeenHeader[];
  readonly order: number;
  readonly atNs: bigint;
}

/** What a tap was worth. One that lost packets or never started proves nothing by its silence. */
export interface TapReport {
  readonly netns: NetnsId;
  readonly started: boolean;
  readonly captured: number | null;
  readonly received: number | null;
  readonly dropped: number | null;
  /** True when absence from this tap means that the packet was not there. */
  readonly trustworthy: boolean;
  /** Why not, in words; null when trustworthy. */
  readonly why: Phrase | null;
}
