import { parseIp } from "../../facts/ip.ts";
import type { Neighbour } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Parsed } from "./parsed.ts";
import { because, linesOf, Problems, wordsOf } from "./parsed.ts";

const STATES = new Set(["PERMANENT", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "INCOMPLETE", "NOARP", "NONE"]);

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
    const state = words.findLast((word) => STATES.has(word)) ?? "NONE";
    const lladdr = words.indexOf("lladdr", 3);
    const mac = lladdr < 0 ? null : (words[lladdr + 1] ?? null);
    neighbours.push({ ip, dev, mac, state, proxy, because: because(source, line) });
  }
  return { value: neighbours, problems: problems.list() };
}
