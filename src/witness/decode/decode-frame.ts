import type { SeenHeader } from "../sighting.ts";
import { type Cursor, endOpaque, NEXT, type Next } from "./cursor.ts";
import { decodeEthernet, decodeEtherType, decodeLinkLayer, type LinkLayer } from "./link-layer.ts";
import { decodeIp } from "./network.ts";
import { decodeIpProtocol } from "./transport.ts";
import { DEFAULT_TUNNEL_PORTS, type TunnelPorts } from "./tunnels.ts";

export interface DecodedFrame {
  /** Of the netns that the capture was made in; null where the link type does not tell. */
  readonly ifindex: number | null;
  readonly direction: "in" | "out" | null;
  readonly forOthers?: true;
  /** Outermost first. */
  readonly headers: SeenHeader[];
}

/** Enough for VLAN, two tunnels, and what is in them; past it a frame is somebody's joke. */
const MAX_HEADERS = 24;

/**
 * Decodes a captured frame as far as it can be decoded; the rest is one `opaque` header. Never throws and never loops,
 * whatever the bytes are. Checksums are not looked at: with offload they are wrong in every capture.
 */
export function decodeFrame(
  bytes: Uint8Array,
  linkType: number,
  ports: TunnelPorts = DEFAULT_TUNNEL_PORTS,
  wireLength: number = bytes.length,
): DecodedFrame {
  const link: LinkLayer = { ifindex: null, direction: null };
  const headers: SeenHeader[] = [];
  const cursor: Cursor = {
    bytes,
    at: 0,
    end: bytes.length,
    promised: Math.max(wireLength, bytes.length),
    value: 0,
    headers,
    quoted: false,
  };
  let next = decodeLinkLayer(cursor, linkType, link);
  while (next !== NEXT.nothing) next = decodeNext(cursor, next, ports);
  return { ...link, headers };
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
