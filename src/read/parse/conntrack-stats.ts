import type { Counters } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Parsed } from "./parsed.ts";
import { linesOf, Problems, wordsOf } from "./parsed.ts";

/**
 * `conntrack -S` (`cpu=0 found=0 …`) or /proc/net/stat/nf_conntrack (names, then a line of hexadecimal values a CPU),
 * summed over the CPUs: `nf_conntrack.drop`, `nf_conntrack.insert_failed` …
 */
export function parseConntrackStats(text: string, _source: Source): Parsed<Counters> {
  const problems = new Problems();
  const counters = new Map<string, bigint>();
  const add = (name: string, value: bigint): void => {
    // `entries` is the table's size, the same on every line.
    const before = name === "entries" ? 0n : (counters.get(`nf_conntrack.${name}`) ?? 0n);
    counters.set(`nf_conntrack.${name}`, before + value);
  };
  let columns: readonly string[] | null = null;
  for (const line of linesOf(text)) {
    const words = wordsOf(line.text);
    if (words[0]?.startsWith("cpu=")) {
      for (const word of words.slice(1)) {
        const pair = /^([a-z_]{1,40})=(\d{1,20})$/.exec(word);
        if (pair === null) problems.add(line, phrase("unknown-word", { word: word.slice(0, 40) }));
        else add(pair[1] ?? "", BigInt(pair[2] ?? "0"));
      }
    } else if (words[0] === "entries") {
      columns = words;
    } else if (columns !== null && words.length === columns.length && words.every((w) => /^[0-9a-f]{1,16}$/.test(w))) {
      for (const [i, column] of columns.entries()) add(column, BigInt(`0x${words[i]}`));
    } else {
      problems.add(line, phrase("no-counter"));
    }
  }
  return { value: counters, problems: problems.list() };
}
