/** Lines that iproute2 prints, turned back into the words that it takes: `ip-route(8)`, `ip-address(8)`, `ip-neighbour(8)`. */

/** Printed, but states of the kernel rather than properties of the route (print_rt_flags, print_route). */
const DISPLAY_ONLY = new Set([
  "dead",
  "linkdown",
  "pervasive",
  "offload",
  "offload_failed",
  "trap",
  "rt_offload",
  "rt_trap",
  "rt_offload_failed",
  "notify",
  "unresolved",
]);
const DISPLAY_PAIRS = new Set(["error", "expires", "used", "age", "users"]);

export function wordsOf(line: string): string[] {
  return line.split(/[\s\\]+/).filter((word) => word !== "");
}

/** A route as `ip -o route show` prints it (nexthops behind backslashes), without what is display only. */
export function routeWords(line: string): string[] {
  const words: string[] = [];
  const all = wordsOf(line);
  for (let i = 0; i < all.length; i++) {
    const word = all[i] as string;
    if (DISPLAY_PAIRS.has(word)) i++;
    else if (!DISPLAY_ONLY.has(word)) words.push(word);
  }
  return words;
}

/**
 * `table` may be missing from the line: `ip route show table N` leaves it out. A lifetime is taken as it is printed, so that
 * an advertised route that comes back ends when its router no longer speaks.
 */
export function routeArgv(
  op: "add" | "del" | "append" | "prepend",
  family: 4 | 6,
  line: string,
  table: string | null = null,
): string[] {
  const words = takenWords(routeWords(line));
  const hops = words.indexOf("nexthop");
  // Nothing but nexthops may follow the first of them.
  const rest = table !== null && !words.includes("table") ? ["table", table] : [];
  const seconds = /\bexpires (\d+)sec\b/.exec(line)?.[1];
  if (seconds !== undefined) rest.push("expires", seconds);
  words.splice(hops < 0 ? words.length : hops, 0, ...rest);
  return ["ip", `-${family}`, "route", op, ...words];
}

/**
 * A route by a nexthop object (ip-nexthop(8)) is taken by the object's number alone. Where that leads is printed beside
 * it, and so is the type of an object that is a blackhole: the route's own is unicast (fib_dump_info).
 */
function takenWords(words: readonly string[]): string[] {
  if (wordAfter(words, "nhid") === null) return [...words];
  const hops = words.indexOf("nexthop");
  const own = words.slice(0, hops < 0 ? words.length : hops);
  const taken: string[] = [];
  for (let i = 0; i < own.length; i++) {
    const word = own[i] as string;
    if (word === "via") i += own[i + 1] === "inet" || own[i + 1] === "inet6" ? 2 : 1;
    else if (word === "dev") i++;
    else if (word !== "onlink" && word !== "blackhole") taken.push(word);
  }
  return taken;
}

/** The value that follows a keyword before the first nexthop; null when the line has none. */
export function wordAfter(words: readonly string[], keyword: string): string | null {
  const first = words.indexOf("nexthop");
  const at = words.indexOf(keyword);
  if (at < 0 || (first >= 0 && at > first)) return null;
  return words[at + 1] ?? null;
}

export function mentionsDev(line: string, dev: string): boolean {
  const words = wordsOf(line);
  return words.some((word, i) => word === "dev" && words[i + 1] === dev);
}

/** `ip -o addr show`: `2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\ valid_lft …`; null when it is none. */
export function addressWords(line: string): { readonly family: 4 | 6; readonly words: readonly string[] } | null {
  const all = wordsOf(line);
  const at = all.findIndex((word) => word === "inet" || word === "inet6");
  if (at < 0 || all[at + 1] === undefined) return null;
  const family = all[at] === "inet" ? 4 : 6;
  const rest = all.slice(at + 2);
  const words = [all[at + 1] as string];
  for (const keyword of ["peer", "brd", "scope"]) {
    const value = wordAfter(rest, keyword);
    if (value !== null) words.push(keyword, value);
  }
  for (const flag of ["noprefixroute", "home", "mngtmpaddr", "autojoin", "nodad"])
    if (rest.includes(flag)) words.push(flag);
  const scope = rest.indexOf("scope");
  const label = rest.slice(scope + 2, rest.indexOf("valid_lft")).find((word) => /[.:]|\d$/.test(word));
  if (family === 4 && label !== undefined) words.push("label", label);
  return { family, words };
}
