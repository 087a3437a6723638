/** What a line of `ip route` or `ip route get` says. */
export interface RouteWords {
  /** unicast, local, broadcast, blackhole … */
  readonly type: string;
  readonly via: string | null;
  readonly dev: string | null;
  readonly src: string | null;
  /** A hash of the flow chooses among several next hops. */
  readonly isMultipath: boolean;
}

const TYPES: ReadonlySet<string> = new Set([
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
]);

/** Null when it is no route. `via inet6 …` is a next hop of the other family (RFC 5549). */
export function readRoute(text: string): RouteWords | null {
  const words = text.slice(0, 1000).trim().split(/\s+/);
  const typed = TYPES.has(words[0] ?? "");
  const destination = typed ? words[1] : words[0];
  if (destination === undefined || !/^(default|[0-9a-f.:]+(\/\d+)?)$/i.test(destination)) return null;
  const after = (name: string): string | null => {
    const at = words.indexOf(name);
    const value = at < 0 ? undefined : words[at + 1];
    return (value === "inet" || value === "inet6" ? words[at + 2] : value) ?? null;
  };
  const type = typed ? (words[0] ?? "unicast") : "unicast";
  return { type, via: after("via"), dev: after("dev"), src: after("src"), isMultipath: words.includes("nexthop") };
}
