import type { LinkCounters } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Parsed } from "./parsed.ts";
import { linesOf, Problems, wordsOf } from "./parsed.ts";

/** Columns whose names in sysfs are clearer than those of the header. */
const LONG: Readonly<Record<string, string>> = { errs: "errors", drop: "dropped", colls: "collisions" };

/** /proc/net/dev: `rx_packets`, `rx_dropped`, `tx_errors` …, by the header's own columns. */
export function parseLinkCounters(text: string, _source: Source): Parsed<LinkCounters> {
  const problems = new Problems();
  const links = new Map<string, ReadonlyMap<string, bigint>>();
  let columns: readonly string[] = [];
  for (const line of linesOf(text)) {
    if (line.text.includes("|")) {
      const [, receive = "", transmit = ""] = line.text.split("|");
      if (/\bface\b/.test(line.text)) columns = [...named("rx", receive), ...named("tx", transmit)];
      continue;
    }
    const colon = line.text.indexOf(":");
    const values = wordsOf(line.text.slice(colon + 1));
    if (colon < 0 || values.length !== columns.length || !values.every((value) => /^\d{1,20}$/.test(value))) {
      problems.add(line, columns.length === 0 ? phrase("no-header") : phrase("columns-differ"));
      continue;
    }
    links.set(
      line.text.slice(0, colon).trim(),
      new Map(columns.map((column, i) => [column, BigInt(values[i] ?? "0")])),
    );
  }
  return { value: links, problems: problems.list() };
}

function named(side: string, columns: string): string[] {
  return wordsOf(columns).map((column) => `${side}_${LONG[column] ?? column}`);
}
