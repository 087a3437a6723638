import { parseIp } from "../../facts/ip.ts";
import type { ConntrackEntry, Tuple } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import { protocolNumber } from "./ip-protocols.ts";
import type { Parsed } from "./parsed.ts";
import { because, linesOf, Problems, parseU32, wordsOf } from "./parsed.ts";

/**
 * `conntrack -L`, `conntrack -L -o extended` or /proc/net/nf_conntrack. Entries of a conntrack zone other than 0 are
 * left out, with one problem: packets outside of that zone never meet them.
 */
export function parseConntrack(text: string, source: Source): Parsed<readonly ConntrackEntry[]> {
  const problems = new Problems();
  const entries: ConntrackEntry[] = [];
  let zoned = 0;
  for (const line of linesOf(text)) {
    if (/^conntrack v\d.*flow entries/.test(line.text)) continue;
    const words = wordsOf(line.text);
    if ((words[0] === "ipv4" || words[0] === "ipv6") && /^\d+$/.test(words[1] ?? "")) words.splice(0, 2);
    const protocol = protocolNumber(words[1] ?? "");
    const tuples = readTuples(words);
    if (protocol === null || tuples === null) {
      problems.add(line, phrase("no-connection"));
      continue;
    }
    if (words.some((word) => /^zone(?:-orig|-reply)?=(?!0$)/.test(word))) {
      zoned += 1;
      if (zoned === 1) problems.add(line, phrase("zones-left-out"));
      continue;
    }
    const stateAt = words.findIndex((word, i) => i > 1 && !/^\d+$/.test(word));
    const state = words[stateAt] ?? "";
    entries.push({
      protocol,
      state: /^[A-Z][A-Z0-9_]*$/.test(state) ? state : null,
      original: tuples[0],
      reply: tuples[1],
      unreplied: words.includes("[UNREPLIED]"),
      assured: words.includes("[ASSURED]"),
      mark: parseU32(words.find((word) => word.startsWith("mark="))?.slice(5)) ?? 0,
      timeoutS: parseU32(words[2]) ?? 0,
      because: because(source, line),
    });
  }
  return { value: entries, problems: problems.list() };
}

function readTuples(words: readonly string[]): readonly [Tuple, Tuple] | null {
  const groups: Map<string, string>[] = [];
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1) continue;
    const key = word.slice(0, equals);
    if (key === "src") groups.push(new Map());
    const group = groups.at(-1);
    if (group !== undefined && !group.has(key)) group.set(key, word.slice(equals + 1));
  }
  const [original, reply] = groups.map(readTuple);
  return groups.length === 2 && original && reply ? [original, reply] : null;
}

function readTuple(fields: ReadonlyMap<string, string>): Tuple | null {
  const src = parseIp(fields.get("src") ?? "");
  const dst = parseIp(fields.get("dst") ?? "");
  if (src === null || dst === null) return null;
  const type = parseU32(fields.get("type"));
  if (type !== null) {
    return {
      src,
      dst,
      sport: parseU32(fields.get("id")) ?? 0,
      dport: type * 256 + (parseU32(fields.get("code")) ?? 0),
    };
  }
  return { src, dst, sport: parseU32(fields.get("sport")) ?? 0, dport: parseU32(fields.get("dport")) ?? 0 };
}
