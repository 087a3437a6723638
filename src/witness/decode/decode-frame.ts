import type { SeenHeader } from "../sighting.ts";
import { type Cursor, endOpaque, NEXT, type Next } from "./cursor.ts";
import { decodeEthernet, decodeEtherType, decodeLinkLayer, type LinkLayer } from "./link-layer.ts";
import { decodeIp } from "./network.ts";
import type { PcapRecord } from "./pcap.ts";
import { decodeIpProtocol, STATUS_LINE_BYTES } from "./transport.ts";
import { DEFAULT_TUNNEL_PORTS, type TunnelPorts } from "./tunnels.ts";

/** A frame where it lies: see PcapRecord. */
export type Captured = Pick<PcapRecord, "bytes" | "from" | "to" | "wireLength">;

export interface DecodedFrame {
  /** Of the netns that the capture was made in; null where the link type does not tell. */
  readonly ifindex: number | null;
  readonly direction: "in" | "out" | null;
  readonly forOthers: boolean;
  /** Outermost first. */
  readonly headers: SeenHeader[];
  /** How much of the frame is headers, with the payload that tells a flow apart: what follows is what applications say. */
  readonly headerBytes: number;
}

/** Enough for VLAN, two tunnels, and what is in them; past it a frame is somebody's joke. */
const MAX_HEADERS = 24;

/**
 * Decodes a captured frame as far as it can be decoded; the rest is one `opaque` header. Never throws and never loops,
 * whatever the bytes are. Checksums are not looked at: with offload they are wrong in every capture.
 */
export function decodeFrame(
  { bytes, from, to, wireLength }: Captured,
  linkType: number,
  ports: TunnelPorts = DEFAULT_TUNNEL_PORTS,
): DecodedFrame {
  const link: LinkLayer = { ifindex: null, direction: null, forOthers: false };
  const headers: SeenHeader[] = [];
  const cursor: Cursor = {
    bytes,
    at: from,
    end: to,
    promised: Math.max(wireLength, to - from),
    value: 0,
    headers,
    quoted: false,
  };
  let next = decodeLinkLayer(cursor, linkType, link);
  while (next !== NEXT.nothing) next = decodeNext(cursor, next, ports);
  const { ifindex, direction, forOthers } = link;
  // Copied to its size: an array that grew holds room for more, and captures are kept whole.
  return {
    ifindex,
    direction,
    forOthers,
    headers: headers.slice(),
    headerBytes: Math.min(to, headerEnd(cursor)) - from,
  };
}

const DNS_PORT = 53;
/** What `ping` sends by default, and all that a probe's tag needs. */
const ECHO_BYTES = 56;

/** The decoder stands behind the last header, but before a TCP header and before what is opaque to it. */
function headerEnd({ bytes, at, end, headers, quoted }: Cursor): number {
  const last = headers.at(-1);
  if (last?.kind === "tcp") {
    const isWhole = at + 20 <= end;
    const status = last.httpStatus === undefined ? 0 : STATUS_LINE_BYTES;
    return Math.min(end, at + status + (isWhole ? Math.max(20, ((bytes[at + 12] as number) >> 4) * 4) : 8));
  }
  if (last?.kind === "udp" && (last.sport === DNS_PORT || last.dport === DNS_PORT)) return quoted ? at : end;
  if (last?.kind === "icmp") return quoted ? at : Math.min(end, at + ECHO_BYTES);
  return at;
}

/** Every step moves `at` on, or names what stands there more closely; the number of headers bounds them all. */
function decodeNext(cursor: Cursor, next: Next, ports: TunnelPorts): Next {
  if (cursor.headers.length >= MAX_HEADERS) return endOpaque(cursor, "too many headers");
  switch (next) {
    case NEXT.ip:
      return decodeIp(cursor);
    case NEXT.ipProtocol:
      return decodeIpProtocol(cursor, ports);
    case NEXT.ethernet:
      return decodeEthernet(cursor);
    case NEXT.etherType:
      return decodeEtherType(cursor);
    case NEXT.quotedIp: {
      const quoted: SeenHeader[] = [];
      cursor.headers.push({ kind: "quoted", headers: quoted });
      cursor.headers = quoted;
      cursor.quoted = true;
      return NEXT.ip;
    }
    case NEXT.nothing:
      return NEXT.nothing;
  }
}
