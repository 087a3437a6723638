import { parseU32 } from "./parsed.ts";

/** Names of /etc/iproute2/rt_tables as shipped. Null for any other name: which number it stands for is not printed. */
export function tableNumber(text: string | undefined): number | null {
  if (text === "main") return 254;
  if (text === "local") return 255;
  if (text === "default") return 253;
  return parseU32(text);
}

/** /etc/iproute2/rt_dsfield, the values of RFC 1349 and of RFC 4594's code points. */
const DSFIELD: Readonly<Record<string, number>> = {
  default: 0,
  lowdelay: 0x10,
  throughput: 0x08,
  reliability: 0x04,
  mincost: 0x02,
  AF11: 0x28,
  AF12: 0x30,
  AF13: 0x38,
  AF21: 0x48,
  AF22: 0x50,
  AF23: 0x58,
  AF31: 0x68,
  AF32: 0x70,
  AF33: 0x78,
  AF41: 0x88,
  AF42: 0x90,
  AF43: 0x98,
  CS1: 0x20,
  CS2: 0x40,
  CS3: 0x60,
  CS4: 0x80,
  CS5: 0xa0,
  CS6: 0xc0,
  CS7: 0xe0,
  EF: 0xb8,
};

/** The TOS byte. iproute2 prints it as 0x10 or by name. */
export function tosByte(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (Object.hasOwn(DSFIELD, text)) return DSFIELD[text] ?? null;
  // Without 0x too it is hexadecimal (print_route: dsfield_n2a).
  const hex = /^(?:0x)?([0-9a-fA-F]{1,2})$/.exec(text);
  return hex === null ? null : Number.parseInt(hex[1] ?? "", 16);
}
