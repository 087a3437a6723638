import type { SeenHeader } from "../sighting.ts";

/** What the bytes at `at` are. Numbers, since this is written for every header of every packet. */
export const NEXT = {
  nothing: 0,
  ethernet: 1,
  /** `value` is an EtherType. */
  etherType: 2,
  /** `value` is an IP protocol number. */
  ipProtocol: 3,
  /** The version nibble tells. */
  ip: 4,
  /** The beginning of a packet that an ICMP error quotes. */
  quotedIp: 5,
} as const;

export type Next = (typeof NEXT)[keyof typeof NEXT];

/** Where a decoder stands; each one reads its header at `at`, adds to `headers`, and returns what comes next. */
export interface Cursor {
  bytes: Uint8Array;
  at: number;
  /** Where the enclosing header says that its payload ends, at most the captured length. */
  end: number;
  /** Bytes that the enclosing header promises from `at` on; more than `end - at` when the snapshot cut the frame. */
  promised: number;
  /** EtherType or IP protocol number of what comes next. */
  value: number;
  headers: SeenHeader[];
  /** Inside an ICMP error's quotation: the transport header may be eight bytes long. */
  quoted: boolean;
}

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function u24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

export function u32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** The cursor has `length` more bytes. */
export function has(cursor: Cursor, length: number): boolean {
  return cursor.at + length <= cursor.end;
}

/** Ends the decoding with bytes that say nothing more. */
export function endOpaque(cursor: Cursor, protocol: string): Next {
  cursor.headers.push({ kind: "opaque", protocol, length: Math.max(0, cursor.end - cursor.at) });
  return NEXT.nothing;
}

export function advance(cursor: Cursor, length: number): void {
  cursor.at += length;
  cursor.promised -= length;
}
