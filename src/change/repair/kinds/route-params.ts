import { z } from "zod";
import { parsePrefix, prefixOf } from "../../../facts/ip.ts";
import type { Route } from "../../../facts/netns.ts";
import { tosByte } from "../../../read/parse/routing-names.ts";
import { compact, decimal, flag, ipText, iprouteName, linkName, netnsParam, prefixText } from "../params.ts";
import { routeWords, wordAfter } from "../text/ip-words.ts";

const nexthop = z.object({
  via: ipText.nullable(),
  dev: linkName.nullable(),
  weight: z.number().int().min(1).max(65535),
  onlink: z.boolean(),
});

/** `nexthops`: JSON, for a route with several. Table, protocol and scope by name or number. */
export const routeParams = z.object({
  prefix: prefixText,
  type: z
    .enum(["unicast", "local", "broadcast", "multicast", "anycast", "blackhole", "unreachable", "prohibit", "throw"])
    .optional(),
  via: ipText.optional(),
  dev: linkName.optional(),
  onlink: flag.optional(),
  nexthops: z
    .string()
    .transform((text, ctx) => {
      try {
        return JSON.parse(text);
      } catch {
        ctx.addIssue("not JSON");
        return z.NEVER;
      }
    })
    .pipe(z.array(nexthop).min(1).max(256))
    .optional(),
  table: iprouteName.optional(),
  protocol: iprouteName.optional(),
  metric: decimal.optional(),
  scope: iprouteName.optional(),
  src: ipText.optional(),
  /** Hexadecimal without 0x too: rtnl_dsfield_a2n. */
  tos: z
    .string()
    .regex(/^(0x)?[0-9a-f]{1,2}$/)
    .optional(),
  mtu: decimal.optional(),
  netns: netnsParam,
});
export type RouteParams = z.infer<typeof routeParams>;

export function familyOf(p: RouteParams): 4 | 6 {
  return parsePrefix(p.prefix)?.family ?? 4;
}

export function tableOf(p: RouteParams): string {
  return p.table ?? "254";
}

export function routeOfParams(p: RouteParams): string[] {
  const family = familyOf(p);
  const words = p.type === undefined || p.type === "unicast" ? [p.prefix] : [p.type, p.prefix];
  if (p.tos !== undefined && tosByte(p.tos) !== 0) words.push("tos", p.tos);
  if (p.nexthops === undefined) words.push(...nexthopWords(family, p.via ?? null, p.dev ?? null, p.onlink === "true"));
  words.push("table", tableOf(p));
  for (const key of ["protocol", "scope", "src", "metric", "mtu"] as const) {
    const value = p[key];
    // The kernel has no metric 0 for IPv6: it becomes 1024.
    if (value !== undefined && !(key === "metric" && value === "0"))
      words.push(key === "protocol" ? "proto" : key, value);
  }
  for (const hop of p.nexthops ?? []) {
    words.push("nexthop", ...nexthopWords(family, hop.via, hop.dev, false), "weight", String(hop.weight));
    if (hop.onlink) words.push("onlink");
  }
  return words;
}

function nexthopWords(family: 4 | 6, via: string | null, dev: string | null, onlink: boolean): string[] {
  const words: string[] = [];
  // A gateway of IPv6 for a prefix of IPv4 (RFC 8950) needs its family said.
  if (via !== null) words.push("via", ...(family === 4 && via.includes(":") ? ["inet6"] : []), via);
  if (dev !== null) words.push("dev", dev);
  if (onlink) words.push("onlink");
  return words;
}

/** The lookup that decides whether two routes can live beside each other: type of service and metric. */
export function slotOf(line: string, family: 4 | 6): string {
  const words = routeWords(line);
  const metric = wordAfter(words, "metric") ?? (family === 6 ? "1024" : "0");
  return slot(wordAfter(words, "tos"), metric);
}

export function slotOfParams(p: RouteParams): string {
  const family = familyOf(p);
  const metric = p.metric === undefined || p.metric === "0" ? (family === 6 ? "1024" : "0") : p.metric;
  return slot(p.tos ?? null, metric);
}

/** A name that only this node's rt_dsfield knows stays one. */
function slot(tos: string | null, metric: string): string {
  return `${tosByte(tos ?? "0") ?? tos} ${metric}`;
}

/**
 * True when the printed line leads where the parameters say, with the source and the MTU that they name. Who made it is
 * not asked, nor `scope` and `onlink`: they tell what the kernel was to check then (fib_check_nh), not where it leads.
 */
export function isRouteOf(line: string, p: RouteParams): boolean {
  const words = routeWords(line);
  const family = familyOf(p);
  const type = p.type ?? "unicast";
  if (typeOf(words) !== type || slotOf(line, family) !== slotOfParams(p)) return false;
  if (p.src !== undefined && !sameAddress(p.src, wordAfter(words, "src"))) return false;
  if (p.mtu !== undefined && p.mtu !== mtuOf(words)) return false;
  const hops =
    p.nexthops ?? (p.via === undefined && p.dev === undefined ? [] : [{ via: p.via ?? null, dev: p.dev ?? null }]);
  const printed = nexthopsIn(words);
  if (hops.length > 0 && hops.length !== printed.length) return false;
  return hops.every((hop) =>
    printed.some(
      (there) => (hop.via === null || sameAddress(hop.via, there.via)) && (hop.dev === null || hop.dev === there.dev),
    ),
  );
}

function nexthopsIn(words: readonly string[]): { via: string | null; dev: string | null }[] {
  const starts = words.flatMap((word, i) => (word === "nexthop" ? [i] : []));
  const parts = starts.length === 0 ? [words] : starts.map((from, i) => words.slice(from + 1, starts[i + 1]));
  return parts.map((part) => {
    const via = wordAfter(part, "via");
    return {
      via: via === "inet6" || via === "inet" ? (part[part.indexOf("via") + 2] ?? null) : via,
      dev: wordAfter(part, "dev"),
    };
  });
}

/** Two printed routes of one place lead to the same next hops. */
export function goesSameWay(a: string, b: string): boolean {
  const way = (line: string) => {
    const words = routeWords(line);
    return JSON.stringify([typeOf(words), nexthopsIn(words)]);
  };
  return way(a) === way(b);
}

function typeOf(words: readonly string[]): string {
  const first = words[0] ?? "";
  return /^(local|broadcast|multicast|anycast|blackhole|unreachable|prohibit|throw)$/.test(first) ? first : "unicast";
}

/** `mtu lock 1400` too. */
function mtuOf(words: readonly string[]): string | null {
  const mtu = wordAfter(words, "mtu");
  return mtu === "lock" ? wordAfter(words, "lock") : mtu;
}

function sameAddress(a: string, b: string | null): boolean {
  return b !== null && parsePrefix(a)?.text === parsePrefix(b)?.text;
}

export function paramsOfRoute(route: Route): Record<string, string> {
  const [first, ...others] = route.nexthops;
  const single = others.length === 0 ? first : undefined;
  const base = prefixOf(route.dst.family, route.dst.base, route.dst.length).text;
  return compact({
    prefix: base,
    type: route.type === "unicast" ? null : route.type,
    via: single?.via?.text,
    dev: single?.dev,
    onlink: single?.flags.includes("onlink") ? "true" : null,
    nexthops:
      others.length === 0
        ? null
        : JSON.stringify(
            route.nexthops.map((hop) => ({
              via: hop.via?.text ?? null,
              dev: hop.dev,
              weight: hop.weight,
              onlink: hop.flags.includes("onlink"),
            })),
          ),
    table: route.table,
    protocol: route.protocol === "" || route.protocol === "boot" ? null : route.protocol,
    metric: route.metric === 0 ? null : route.metric,
    // The kernel derives the scope of a route with a gateway; a printed one may be wanted for a direct route only.
    scope: single !== undefined && single.via === null && route.scope !== "global" ? route.scope : null,
    src: route.src?.text,
    tos: route.tos === 0 ? null : `0x${route.tos.toString(16)}`,
    mtu: route.mtu,
  });
}
