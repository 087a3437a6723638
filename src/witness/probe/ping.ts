import type { Command } from "../../read/transport/reader.ts";
import type { Answer, Probe } from "./probe.ts";
import { outcomeOfWords } from "./outcomes.ts";

type IcmpProbe = Extract<Probe, { kind: "icmp" }>;

/** ping(8) fills the data with at most 16 bytes of pattern, over and over. */
export const PING_TAG_BYTES = 16;
const INTERVAL_S = 0.2;

/** `tag` null: for a ping that takes no pattern (BusyBox); its echoes are then recognised by their id. */
export function pingCommand(probe: IcmpProbe, tag: Uint8Array | null): Command {
  const headers = probe.dst.family === 6 ? 48 : 28;
  const deadlineS = Math.max(1, Math.ceil(probe.deadlineMs / 1000));
  const argv = [
    "ping",
    ...(probe.dst.family === 6 ? ["-6"] : []),
    "-n",
    "-c",
    String(probe.attempts),
    ...(tag === null ? [] : ["-i", String(INTERVAL_S)]),
    "-W",
    String(deadlineS),
    ...(tag === null ? [] : ["-p", Buffer.from(tag).toString("hex")]),
    ...(probe.bytes === null ? [] : ["-s", String(Math.max(0, probe.bytes - headers))]),
    ...(probe.bytes === null || tag === null ? [] : ["-M", "do"]),
    ...(probe.src === null ? [] : ["-I", probe.src.text]),
    probe.dst.text,
  ];
  return { name: `probe-${probe.id}`, argv, netns: probe.from.path };
}

/** Its options were not understood: then it says how it wants to be used, and sends nothing. */
export function isUsageError(words: string): boolean {
  return /invalid option|unrecognized option|usage:|bad .*value|invalid (number|argument)/i.test(words);
}

/** `64 bytes from 10.0.0.2: icmp_seq=1 ttl=63 time=0.05 ms`; BusyBox prints `seq=0`, from 0 on. */
export function readPing(probe: IcmpProbe, words: string): readonly Answer[] {
  const answers = new Map<number, Answer>();
  const isFromZero = / seq=0 /.test(words) && !/icmp_seq/.test(words);
  let refusal: string | null = null;
  for (const line of words.split("\n").slice(0, 4096)) {
    const match = /(?:icmp_)?seq[=\s](\d{1,5})\b/.exec(line);
    if (match === null) {
      // Not about one packet: it could not send at all.
      if (/^(ping6?|connect|sendmsg): ?/.test(line) && refusal === null) refusal = line.trim();
      continue;
    }
    const n = Number(match[1]) + (isFromZero ? 1 : 0);
    if (n < 1 || n > probe.attempts || answers.get(n)?.outcome === "answered") continue;
    const time = /time[=<]([\d.]{1,12}) ?ms/.exec(line);
    const isReply = /bytes from/.test(line) && !/DUP!/.test(line);
    answers.set(n, {
      n,
      outcome: isReply ? "answered" : (outcomeOfWords(line) ?? "unreachable"),
      httpStatus: null,
      ms: time === null ? null : Number(time[1]),
      sport: null,
      detail: isReply ? "" : line.trim(),
    });
  }
  const missing = refusal === null ? "timeout" : (outcomeOfWords(refusal) ?? "failed");
  return Array.from(
    { length: probe.attempts },
    (_, i) =>
      answers.get(i + 1) ?? {
        n: i + 1,
        outcome: missing,
        httpStatus: null,
        ms: null,
        sport: null,
        detail: refusal ?? "",
      },
  );
}
