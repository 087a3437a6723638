import { parseIp } from "../../facts/ip.ts";
import type { Neighbour } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Parsed } from "./parsed.ts";
import { because, linesOf, Problems, wordsOf } from "./parsed.ts";

const STATES = new Set(["PERMANENT", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "INCOMPLETE", "NOARP", "NONE"]);

/** The last word that is a state: an entry's routing protocol is printed behind it (print_neigh of iproute2). */
export function stateOf(words: readonly string[]): string {
  return words.findLast((word) => STATES.has(word)) ?? "NONE";
}

/** `ip neigh show`, both families; also `ip neigh show proxy`, whose lines end in `proxy`. */
export function parseNeighbours(text: string, source: Source): Parsed<readonly Neighbour[]> {
  const problems = new Problems();
  const neighbours: Neighbour[] = [];
  for (const line of linesOf(text)) {
    const words = wordsOf(line.text);
    const ip = parseIp(words[0] ?? "");
    const dev = words[1] === "dev" ? words[2] : undefined;
    if (ip === null || dev === undefined) {
      problems.add(line, ip === null ? phrase("no-address") : phrase("no-device"));
      continue;
    }
    const proxy = words.includes("proxy", 3);
    const state = stateOf(words);
    const lladdr = words.indexOf("lladdr", 3);
    const mac = lladdr < 0 ? null : (words[lladdr + 1] ?? null);
    neighbours.push({ ip, dev, mac, state, proxy, because: because(source, line) });
  }
  return { value: neighbours, problems: problems.list() };
}
