/**
 * Reads what stock tcpdump prints (`-tt -nn -S --time-stamp-precision=nano -i any`), and nothing but its text: the
 * product has a decoder of its own, and an oracle that shared it would share its mistakes.
 */

/** One TCP segment, or one DNS message over UDP, as one namespace's tcpdump printed it. */
export interface Printed {
  /** What it asks to begin with, a SYN or a query, by what survives NAT and tunnels; null for all others. */
  readonly opens: string | null;
  /** What it accepts or answers, by the same. */
  readonly accepts: string | null;
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
/** `IP a.4242 > b.53: 17+ A? name. (33)`, and `IP b.53 > a.4242: 17 NXDomain*- 0/0/0 (33)`; no other UDP is read. */
const QUERY = /IP6? (\S+)\.(\d+) > (\S+)\.(53): (\d+)\S* (?:\[\S+\] )?\S+\? /;
const ANSWER = /IP6? (\S+)\.(53) > (\S+)\.(\d+): (\d+)[^,\d]/;
/** 8472 is in tcpdump's eyes OTV, 4789 VXLAN; the tunnelled frame stands on a line of its own. IPIP: `IP a > b: IP c > d:`. */
const TUNNELLED = /: (?:VXLAN|OTV), flags|> \S+: IP6? /;

export function readTcpdumpText(text: string): readonly Printed[] {
  const printed: Printed[] = [];
  let order = 0;
  for (const entry of entriesOf(text)) {
    const [, seconds = "", nanoseconds = "", link = "", type = "", body = ""] = entry.match;
    const whole = [body, ...entry.more].join(" ");
    const segment = readSegment(whole) ?? readMessage(whole);
    if (segment === null) continue;
    printed.push({
      ...segment,
      interface: link,
      direction: type === "Out" ? "out" : "in",
      isForAnother: type === "P",
      header: TUNNELLED.test(whole) ? "outer" : "inner",
      atNs: BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds),
      order: order++,
    });
  }
  return printed;
}

type Content = Pick<Printed, "opens" | "accepts" | "from" | "to" | "flags" | "seq" | "ack" | "length">;

function readSegment(text: string): Content | null {
  const [, src, sport, dst, dport, flags = "", rest = ""] = SEGMENT.exec(text) ?? [];
  if (src === undefined) return null;
  const seq = Number(/\bseq (\d+)/.exec(rest)?.[1] ?? 0);
  const ack = /\back (\d+)/.exec(rest)?.[1];
  const isSyn = flags.includes("S");
  const isAck = flags.includes(".");
  return {
    opens: isSyn && !isAck ? `tcp ${seq}` : null,
    accepts: isSyn && isAck ? `tcp ${(Number(ack) - 1) >>> 0}` : null,
    from: `${src}:${sport}`,
    to: `${dst}:${dport}`,
    flags,
    seq,
    ack: ack === undefined ? null : Number(ack),
    length: Number(/\blength (\d+)/.exec(rest)?.[1] ?? 0),
  };
}

function readMessage(text: string): Content | null {
  const query = QUERY.exec(text);
  const [, src, sport, dst, dport, id] = query ?? ANSWER.exec(text) ?? [];
  if (src === undefined) return null;
  const key = `dns ${id}`;
  const common = { from: `${src}:${sport}`, to: `${dst}:${dport}`, flags: "", seq: 0, ack: null, length: 0 };
  return query === null ? { opens: null, accepts: key, ...common } : { opens: key, accepts: null, ...common };
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
