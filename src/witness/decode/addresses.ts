import { type Ip, ipFromValue } from "../../facts/ip.ts";
import { u16, u24, u32 } from "./cursor.ts";

// A capture holds few addresses and many packets: each address is made once. Bounded, for a flood of forged sources.
const MAX_CACHED = 4096;
const v4 = new Map<number, Ip>();
const v6 = new Map<string, Ip>();
const macs = new Map<number, string>();

/** The four bytes at `at`. */
export function ipv4At(bytes: Uint8Array, at: number): Ip {
  const key = u32(bytes, at);
  let ip = v4.get(key);
  if (ip === undefined) {
    if (v4.size >= MAX_CACHED) v4.clear();
    ip = ipFromValue(4, BigInt(key));
    v4.set(key, ip);
  }
  return ip;
}

/** The sixteen bytes at `at`. */
export function ipv6At(bytes: Uint8Array, at: number): Ip {
  const key = String.fromCharCode(
    u16(bytes, at),
    u16(bytes, at + 2),
    u16(bytes, at + 4),
    u16(bytes, at + 6),
    u16(bytes, at + 8),
    u16(bytes, at + 10),
    u16(bytes, at + 12),
    u16(bytes, at + 14),
  );
  let ip = v6.get(key);
  if (ip === undefined) {
    if (v6.size >= MAX_CACHED) v6.clear();
    let value = 0n;
    for (let i = 0; i < 16; i += 4) value = (value << 32n) | BigInt(u32(bytes, at + i));
    ip = ipFromValue(6, value);
    v6.set(key, ip);
  }
  return ip;
}

/** The six bytes at `at`, as `ip link` prints them. */
export function macAt(bytes: Uint8Array, at: number): string {
  const key = u24(bytes, at) * 0x1000000 + u24(bytes, at + 3);
  let mac = macs.get(key);
  if (mac === undefined) {
    if (macs.size >= MAX_CACHED) macs.clear();
    mac = key
      .toString(16)
      .padStart(12, "0")
      .replace(/..(?=.)/g, "$&:");
    macs.set(key, mac);
  }
  return mac;
}
