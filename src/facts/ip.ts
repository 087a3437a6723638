import ipaddr from "ipaddr.js";

/** An address; `value` is its 32 or 128 bits, `text` its canonical form (RFC 5952 for IPv6). */
export interface Ip {
  readonly family: 4 | 6;
  readonly value: bigint;
  readonly text: string;
}

/** A CIDR block; `base` has its host bits cleared. */
export interface Prefix {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly length: number;
  readonly text: string;
}

/** Null when the text is no address; nor is one with leading zeros, which some read as octal. A zone (`%eth0`) is dropped. */
export function parseIp(text: string): Ip | null {
  const bare = text.split("%")[0] ?? "";
  if (/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(bare)) {
    let value = 0n;
    for (const part of bare.split(".")) {
      const byte = Number(part);
      if (byte > 255) return null;
      value = (value << 8n) | BigInt(byte);
    }
    return ipFromValue(4, value);
  }
  if (!bare.includes(":") || !ipaddr.IPv6.isValid(bare)) return null;
  const parsed = ipaddr.IPv6.parse(bare);
  let value = 0n;
  for (const byte of parsed.toByteArray()) value = (value << 8n) | BigInt(byte);
  return { family: 6, value, text: parsed.toRFC5952String() };
}

/** For literals in code and tests. @throws RangeError when the text is no address. */
export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new RangeError(`not an IP address: ${text}`);
  return parsed;
}

export function ipFromValue(family: 4 | 6, value: bigint): Ip {
  if (family === 4) {
    const n = Number(value);
    return { family, value, text: `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}` };
  }
  const bytes = Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * (15 - i))) & 255n));
  return { family, value, text: new ipaddr.IPv6(bytes).toRFC5952String() };
}

/** `10.42.0.0/24`, `10.42.0.3` (a /32), `default` with a family given. Null when it is none. */
export function parsePrefix(text: string, familyOfDefault: 4 | 6 = 4): Prefix | null {
  if (text === "default" || text === "any" || text === "all") return prefixOf(familyOfDefault, 0n, 0);
  const [address = "", length] = text.split("/");
  const parsed = parseIp(address);
  if (parsed === null) return null;
  const bits = parsed.family === 4 ? 32 : 128;
  if (length === undefined) return prefixOf(parsed.family, parsed.value, bits);
  if (!/^\d+$/.test(length) || Number(length) > bits) return null;
  return prefixOf(parsed.family, parsed.value, Number(length));
}

/** @throws RangeError when the text is no prefix. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new RangeError(`not an IP prefix: ${text}`);
  return parsed;
}

export function prefixOf(family: 4 | 6, value: bigint, length: number): Prefix {
  const hostBits = BigInt((family === 4 ? 32 : 128) - length);
  const base = (value >> hostBits) << hostBits;
  return { family, base, length, text: `${ipFromValue(family, base).text}/${length}` };
}

export function contains(prefix: Prefix, address: Ip): boolean {
  if (prefix.family !== address.family) return false;
  const hostBits = BigInt((prefix.family === 4 ? 32 : 128) - prefix.length);
  return address.value >> hostBits === prefix.base >> hostBits;
}

/** As a URL or a socket address holds it: `10.0.0.1`, `[fd00::1]` (RFC 3986, IP-literal). */
export function bracketed(ip: Ip): string {
  return ip.family === 6 ? `[${ip.text}]` : ip.text;
}

/** With its port as a URL or a socket address holds it; without one as it is. */
export function withPort(ip: Ip, port: number | null): string {
  return port === null ? ip.text : `${bracketed(ip)}:${port}`;
}

export function sameIp(a: Ip | null, b: Ip | null): boolean {
  return a === b || (a !== null && b !== null && a.family === b.family && a.value === b.value);
}
