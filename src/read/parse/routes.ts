import type { Prefix } from "../../facts/ip.ts";
import { parseIp, parsePrefix } from "../../facts/ip.ts";
import type { Nexthop, Route } from "../../facts/netns.ts";
import { type CodedPhrase, phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Line, Parsed } from "./parsed.ts";
import { because, linesOf, Problems, parseU32, wordsOf } from "./parsed.ts";
import { tableNumber, tosByte } from "./routing-names.ts";

const TYPES = new Set([
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
  "nat",
  "xresolve",
]);
const FLAGS = new Set([
  "onlink",
  "dead",
  "linkdown",
  "pervasive",
  "offload",
  "trap",
  "notify",
  "unresolved",
  "rt_offload",
  "rt_trap",
  "rt_offload_failed",
  "offload_failed",
  "linkdown,dead",
]);
/** Words followed by one value that do not decide where a packet goes. */
const IGNORED = new Set([
  "advmss",
  "hoplimit",
  "initcwnd",
  "initrwnd",
  "rtt",
  "rttvar",
  "rto_min",
  "ssthresh",
  "cwnd",
  "window",
  "reordering",
  "features",
  "congctl",
  "quickack",
  "fastopen_no_cookie",
  "realm",
  "realms",
  "pref",
  "expires",
  "error",
  "users",
  "age",
  "ipid",
  "ts",
  "tsage",
  "ttl-propagate",
  "used",
  "bytes",
]);
/**
 * An encapsulation is printed after the destination; what it says may hold words of its own, so only these end it. The
 * table is none of them: a segment's end names the one it looks in (`seg6local action End.DT6 table 100 dev eth0`).
 */
const ENDS_ENCAP = new Set(["via", "dev", "nhid", "proto", "scope", "metric", "pref"]);

interface Draft {
  type: string;
  dst: string;
  table: number | null;
  metric: number | null;
  tos: number;
  scope: string | null;
  protocol: string;
  src: string | null;
  mtu: number | null;
  family: 4 | 6 | null;
  hop: HopDraft;
  hops: HopDraft[];
  /** The id of a next hop that is an object of its own (`ip nexthop`). */
  nhid: string | null;
  line: Line;
  broken: CodedPhrase | null;
}

interface HopDraft {
  via: string | null;
  dev: string | null;
  weight: number;
  flags: string[];
  encap: string | null;
}

/**
 * `ip [-4|-6] [-d] route show table all`. Where the output mixes both families, a `default` is told by its gateway or
 * by the words that only IPv6 routes have. @param family when every line is of one family.
 */
export function parseRoutes(text: string, source: Source, family: 4 | 6 | null = null): Parsed<readonly Route[]> {
  const problems = new Problems();
  const routes: Route[] = [];
  let draft: Draft | null = null;
  const finish = (): void => {
    if (draft === null) return;
    const route = build(draft, source, family);
    if ("code" in route) problems.add(draft.line, route);
    else routes.push(route.nexthops.length === 0 ? withUnprintedHop(route, draft, problems) : route);
    draft = null;
  };
  for (const line of linesOf(text)) {
    const words = wordsOf(line.text.replaceAll("\\", " "));
    if (/^\s/.test(line.text)) {
      if (words[0] === "cache") continue;
      if (draft === null) {
        problems.add(line, phrase("continues-nothing"));
        continue;
      }
      readWords(draft, words, 0, problems, line);
      continue;
    }
    finish();
    draft = begin(words, line);
    readWords(draft, words, TYPES.has(words[0] ?? "") ? 2 : 1, problems, line);
  }
  finish();
  return { value: routes, problems: problems.list() };
}

function newHop(): HopDraft {
  return { via: null, dev: null, weight: 1, flags: [], encap: null };
}

function begin(words: readonly string[], line: Line): Draft {
  const typed = TYPES.has(words[0] ?? "");
  return {
    type: typed ? (words[0] ?? "") : "unicast",
    dst: (typed ? words[1] : words[0]) ?? "",
    table: 254,
    metric: null,
    tos: 0,
    scope: null,
    protocol: "boot",
    src: null,
    mtu: null,
    family: null,
    hop: newHop(),
    hops: [],
    nhid: null,
    line,
    broken: null,
  };
}

function readWords(draft: Draft, words: readonly string[], from: number, problems: Problems, line: Line): void {
  // Route-level words may follow the first hop, but hop words after `nexthop` belong to the latest one.
  let hop = draft.hops.at(-1) ?? draft.hop;
  for (let i = from; i < words.length; i += 1) {
    const word = words[i] ?? "";
    const value = words[i + 1];
    if (word === "nexthop") {
      hop = newHop();
      draft.hops.push(hop);
      continue;
    }
    if (word === "encap") {
      let end = i + 1;
      while (end < words.length && !ENDS_ENCAP.has(words[end] ?? "")) end += 1;
      hop.encap = words.slice(i, end).join(" ");
      i = end - 1;
      continue;
    }
    if (FLAGS.has(word)) {
      hop.flags.push(word);
      continue;
    }
    i += readPair(draft, hop, word, value, words[i + 2], problems, line);
  }
}

/** Reads one keyword; returns how many words beyond it were used. */
function readPair(
  draft: Draft,
  hop: HopDraft,
  word: string,
  value: string | undefined,
  next: string | undefined,
  problems: Problems,
  line: Line,
): number {
  switch (word) {
    case "via":
      if (value === "inet6" || value === "inet") {
        hop.via = next ?? "";
        draft.family ??= value === "inet6" ? 4 : 6;
        return 2;
      }
      hop.via = value ?? "";
      draft.family ??= parseIp(hop.via)?.family ?? null;
      return 1;
    case "dev":
      hop.dev = value ?? null;
      return 1;
    case "weight":
      hop.weight = parseU32(value) ?? 1;
      return 1;
    case "nhid":
      draft.nhid = value ?? "";
      return 1;
    case "table":
      draft.table = tableNumber(value);
      if (draft.table === null) draft.broken = phrase("table-unnumbered", { table: value ?? "" });
      return 1;
    case "proto":
      draft.protocol = value ?? "boot";
      return 1;
    case "scope":
      draft.scope = value ?? null;
      return 1;
    case "src":
      draft.src = value ?? null;
      return 1;
    case "metric":
      draft.metric = parseU32(value);
      return 1;
    case "tos":
    case "dsfield":
      draft.tos = tosByte(value) ?? -1;
      return 1;
    case "mtu":
      draft.mtu = parseU32(value === "lock" ? next : value);
      return value === "lock" ? 2 : 1;
    case "from":
      if (value !== "all" && value !== "default") draft.broken = phrase("from-not-modelled");
      draft.family ??= 6;
      return 1;
    default:
      if (IGNORED.has(word)) {
        if (word === "pref" || word === "error") draft.family ??= 6;
        if (value === "lock") return 2;
        return 1;
      }
      problems.add(line, phrase("unknown-word", { word: word.slice(0, 40) }));
      return 0;
  }
}

function build(draft: Draft, source: Source, family: 4 | 6 | null): Route | CodedPhrase {
  if (draft.broken !== null) return draft.broken;
  if (draft.tos < 0) return phrase("unknown-tos");
  const src = draft.src === null ? null : parseIp(draft.src);
  if (draft.src !== null && src === null)
    return phrase("address-unread", { word: "src", text: draft.src.slice(0, 50) });
  const dst = destination(draft.dst, family ?? draft.family ?? src?.family ?? 4);
  if (dst === null) return phrase("no-route-destination");
  const nexthops: Nexthop[] = [];
  for (const hop of draft.hops.length > 0 ? draft.hops : [draft.hop]) {
    const via = hop.via === null ? null : parseIp(hop.via);
    if (hop.via !== null && via === null) return phrase("address-unread", { word: "via", text: hop.via.slice(0, 50) });
    if (via === null && hop.dev === null && hop.encap === null) continue;
    nexthops.push({ via, dev: hop.dev, weight: hop.weight, flags: hop.flags, encap: hop.encap });
  }
  return {
    type: draft.type,
    dst,
    table: draft.table ?? 254,
    metric: draft.metric ?? 0,
    tos: draft.tos,
    scope: draft.scope ?? "global",
    protocol: draft.protocol,
    src,
    nexthops,
    mtu: draft.mtu,
    because: because(source, draft.line),
  };
}

/** With net.ipv4.nexthop_compat_mode=0 the kernel tells of an object's id alone: the route is there, whereto is not told. */
function withUnprintedHop(route: Route, { nhid, line }: Draft, problems: Problems): Route {
  if (nhid === null || route.type !== "unicast") return route;
  problems.add(line, phrase("nexthop-not-printed", { id: nhid.slice(0, 40) }));
  return { ...route, nexthops: [{ via: null, dev: null, weight: 1, flags: [], encap: null }] };
}

function destination(text: string, family: 4 | 6): Prefix | null {
  // A `10/8` of very old iproute2 is not handled: parsePrefix wants four bytes.
  return parsePrefix(text, family);
}
