import { stateOf } from "../../../read/parse/neighbours.ts";
import { wordAfter, wordsOf } from "../text/ip-words.ts";

export interface NeighbourLine {
  readonly ip: string;
  readonly mac: string | null;
  /** PERMANENT, REACHABLE, STALE, FAILED … */
  readonly state: string;
}

/** `10.0.0.5 lladdr 02:… router extern_learn PERMANENT proto zebra`, as `ip neigh show dev X` prints it. */
export function neighbourOf(line: string): NeighbourLine {
  const words = wordsOf(line);
  return { ip: words[0] ?? "", mac: wordAfter(words, "lladdr"), state: stateOf(words) };
}

/** Puts back what a line says; a resolved entry comes back as stale, so that the kernel confirms it by itself. */
export function neighbourArgv(line: string, dev: string): string[] {
  const { ip, mac, state } = neighbourOf(line);
  const words = wordsOf(line);
  const flags = ["router", "extern_learn", "managed"].filter((flag) => words.includes(flag));
  const protocol = wordAfter(words, "proto");
  if (protocol !== null) flags.push("protocol", protocol);
  const nud = state === "PERMANENT" || state === "NOARP" ? state.toLowerCase() : "stale";
  return ["ip", "neigh", "replace", ip, ...(mac === null ? [] : ["lladdr", mac]), "dev", dev, "nud", nud, ...flags];
}

/** Entries without an address to send to. */
export function isUnresolved(state: string): boolean {
  return state === "FAILED" || state === "INCOMPLETE" || state === "NONE";
}
