import type { Counters } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Line, Parsed } from "./parsed.ts";
import { linesOf, Problems, wordsOf } from "./parsed.ts";

/**
 * /proc/net/snmp and /proc/net/netstat (a line of names, then one of values, both opened by `Ip:`), /proc/net/snmp6 (a
 * name and a value a line), alone or one after the other. Names become nstat's: `Ip` + `InAddrErrors`.
 */
export function parseCounters(text: string, _source: Source): Parsed<Counters> {
  const problems = new Problems();
  const counters = new Map<string, bigint>();
  let names: { group: string; columns: readonly string[]; line: Line } | null = null;
  for (const line of linesOf(text)) {
    const words = wordsOf(line.text);
    const head = words[0] ?? "";
    if (!head.endsWith(":")) {
      if (words.length === 2 && /^[A-Za-z]\w*$/.test(head) && isCount(words[1])) counters.set(head, BigInt(words[1]));
      else problems.add(line, phrase("no-counter"));
      continue;
    }
    const group = head.slice(0, -1);
    const rest = words.slice(1);
    if (names === null || names.group !== group) {
      if (names !== null) problems.add(names.line, phrase("names-without-values"));
      names = { group, columns: rest, line };
      continue;
    }
    if (rest.length !== names.columns.length) problems.add(line, phrase("names-differ"));
    for (const [i, column] of names.columns.entries()) {
      const value = rest[i];
      if (isCount(value)) counters.set(group + column, BigInt(value));
    }
    names = null;
  }
  if (names !== null) problems.add(names.line, phrase("names-without-values"));
  return { value: counters, problems: problems.list() };
}

function isCount(text: string | undefined): text is string {
  return text !== undefined && /^-?\d{1,20}$/.test(text);
}
