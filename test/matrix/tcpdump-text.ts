/**
 * Reads what stock tcpdump prints (`-tt -nn -S --time-stamp-precision=nano -i any`), and nothing but its text: the
 * product has a decoder of its own, and an oracle that shared it would share its mistakes.
 */

/** One TCP segment as one namespace's tcpdump printed it. */
export interface Printed {
  readonly interface: string;
  readonly direction: "in" | "out";
  /** Printed as `P`: the frame's MAC address is another machine's. Normal on the ports of a bridge. */
  readonly isForAnother: boolean;
  /** `outer`: the segment is inside a tunnel's packet here. */
  readonly header: "inner" | "outer";
  readonly atNs: bigint;
  /** Position in the text, which orders lines of the same time. */
  readonly order: number;
  /** `ADDRESS:PORT`, of the innermost packet. */
  readonly from: string;
  readonly to: string;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number | null;
  /** Bytes of payload. */
  readonly length: number;
}

/** Two spaces where the direction is shorter: `In  IP`, `Out IP`, `P   IP`. */
const HEAD = /^(\d+)\.(\d{9}) (\S+) +(In|Out|B|M|P) +(.*)$/;
const SEGMENT = /IP6? (\S+)\.(\d+) > (\S+)\.(\d+): Flags \[([^\]]*)\], (.*)$/;
/** 8472 is in tcpdump's eyes OTV, 4789 VXLAN; the tunnelled frame stands on a line of its own. IPIP: `IP a > b: IP c > d:`. */
const TUNNELLED = /: (?:VXLAN|OTV), flags|> \S+: IP6? /;

export function readTcpdumpText(text: string): readonly Printed[] {
  const printed: Printed[] = [];
  let order = 0;
  for (const entry of entriesOf(text)) {
    const [, seconds = "", nanoseconds = "", link = "", type = "", body = ""] = entry.match;
    const whole = [body, ...entry.more].join(" ");
    const segment = SEGMENT.exec(whole);
    if (segment === null) continue;
    const [, src, sport, dst, dport, flags = "", rest = ""] = segment;
    const seq = /\bseq (\d+)/.exec(rest);
    const ack = /\back (\d+)/.exec(rest);
    printed.push({
      interface: link,
      direction: type === "Out" ? "out" : "in",
      isForAnother: type === "P",
      header: TUNNELLED.test(whole) ? "outer" : "inner",
      atNs: BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds),
      order: order++,
      from: `${src}:${sport}`,
      to: `${dst}:${dport}`,
      flags,
      seq: seq === null ? 0 : Number(seq[1]),
      ack: ack === null ? null : Number(ack[1]),
      length: Number(/\blength (\d+)/.exec(rest)?.[1] ?? 0),
    });
  }
  return printed;
}

/** A line with a time begins an entry; lines without one (a tunnelled frame, payload) belong to it. */
function entriesOf(text: string): readonly { match: RegExpExecArray; more: string[] }[] {
  const entries: { match: RegExpExecArray; more: string[] }[] = [];
  for (const line of text.split("\n")) {
    const match = HEAD.exec(line);
    if (match !== null) entries.push({ match, more: [] });
    else entries.at(-1)?.more.push(line.trim());
  }
  return entries;
}
