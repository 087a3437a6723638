import type { Hop, LastHop, Verdict } from "../../../verdict/verdict.ts";

/** How a leg passes an interface. */
export interface Crossing {
  readonly direction: "in" | "out" | null;
  readonly seen: boolean | null;
  readonly isPredicted: boolean;
  readonly isLast: boolean;
  /** Not reached: where it should have been seen next. */
  readonly isNext: boolean;
}

/** An interface that a packet passes, on its way there, on its way back, or on both. */
export interface Station {
  /** Null for what comes next at a place that is not told. */
  readonly node: string | null;
  readonly netns: string | null;
  readonly interface: string;
  /** The packet is inside a tunnel's packet here. */
  readonly isTunnelled: boolean;
  readonly request: Crossing | null;
  readonly reply: Crossing | null;
}

/** Stations in the order of the request; a reply passes them upwards. */
export interface Way {
  readonly stations: readonly Station[];
  readonly hasReply: boolean;
  /** The leg that ends, how, and what the kernel says of it; null when nothing ends too early. */
  readonly end: Pick<LastHop, "leg" | "disposition" | "reason"> | null;
}

interface Passing extends Crossing {
  readonly node: string | null;
  readonly netns: string | null;
  readonly interface: string;
  readonly header: "outer" | "inner";
}

export function wayOf({ path, lastHop }: Pick<Verdict, "path" | "lastHop">): Way {
  // Where no tap heard anything the walk alone says where it ends.
  const isUnheard = path.every((hop) => hop.witnessed === null);
  const request = passings(path, lastHop, "request", isUnheard);
  const reply = passings(path, lastHop, "reply", isUnheard).reverse();
  return {
    stations: aligned(request, reply),
    hasReply: reply.length > 0,
    end: lastHop === null ? null : { leg: lastHop.leg, disposition: lastHop.disposition, reason: lastHop.reason },
  };
}

/** The last hop's own sighting: false where nobody listened, and only the walk ends there. */
export function isLastHopSeen({
  path,
  lastHop,
}: {
  readonly path: readonly Hop[];
  readonly lastHop: LastHop | null;
}): boolean {
  return (
    lastHop !== null && path.some((hop) => hop.leg === lastHop.leg && isAt(hop, lastHop) && hop.witnessed === true)
  );
}

function passings(path: readonly Hop[], last: LastHop | null, leg: "request" | "reply", isUnheard: boolean): Passing[] {
  const hops = path.filter((hop) => hop.leg === leg);
  const at = last === null || last.leg !== leg ? -1 : endOf(hops, last, isUnheard);
  const next = last?.expectedNext ?? null;
  const follows = hops[at + 1];
  const isDrawn = at >= 0 && follows?.interface === next && follows.witnessed !== true;
  const found = hops.map((hop, i): Passing => {
    const { node, netns, interface: name, direction, header, predicted, witnessed } = hop;
    const isNext = isDrawn && i === at + 1;
    return {
      node,
      netns,
      interface: name,
      header,
      direction,
      seen: witnessed,
      isPredicted: predicted,
      isLast: i === at,
      isNext,
    };
  });
  if (at >= 0 && next !== null && !isDrawn) found.splice(at + 1, 0, missing(next, hops[at] as Hop));
  return found;
}

function endOf(hops: readonly Hop[], last: LastHop, isUnheard: boolean): number {
  if (last.interface !== null) return hops.findLastIndex((hop) => isAt(hop, last));
  return isUnheard ? hops.length - 1 : -1;
}

function isAt(hop: Hop, last: LastHop): boolean {
  return (
    hop.node === last.node &&
    hop.netns === last.netns &&
    hop.interface === last.interface &&
    (last.direction === null || hop.direction === last.direction) &&
    (last.header === null || hop.header === last.header)
  );
}

/** What came in would go on in the same namespace, out of its tunnel; what went out would come in somewhere else, as it is. */
function missing(name: string, last: Hop): Passing {
  const isSame = last.direction === "in";
  return {
    node: isSame ? last.node : null,
    netns: isSame ? last.netns : null,
    interface: name,
    header: isSame ? "inner" : last.header,
    direction: null,
    seen: last.witnessed === true ? false : null,
    isPredicted: true,
    isLast: false,
    isNext: true,
  };
}

/** Both legs side by side: where the reply, read backwards, passes the same interfaces they share a station. */
function aligned(request: readonly Passing[], reply: readonly Passing[]): readonly Station[] {
  // Longest common subsequence, from the end.
  const length = request.map(() => new Array<number>(reply.length + 1).fill(0));
  length.push(new Array<number>(reply.length + 1).fill(0));
  const at = (i: number, k: number): number => length[i]?.[k] ?? 0;
  for (let i = request.length - 1; i >= 0; i -= 1) {
    for (let k = reply.length - 1; k >= 0; k -= 1) {
      const isShared = isSamePort(request[i] as Passing, reply[k] as Passing);
      (length[i] as number[])[k] = isShared ? at(i + 1, k + 1) + 1 : Math.max(at(i + 1, k), at(i, k + 1));
    }
  }
  const stations: Station[] = [];
  let i = 0;
  let k = 0;
  while (i < request.length || k < reply.length) {
    const there = request[i];
    const back = reply[k];
    if (there !== undefined && back !== undefined && isSamePort(there, back)) {
      stations.push(station(there, there, back));
      i += 1;
      k += 1;
    } else if (there !== undefined && (back === undefined || at(i + 1, k) >= at(i, k + 1))) {
      stations.push(station(there, there, null));
      i += 1;
    } else if (back !== undefined) {
      stations.push(station(back, null, back));
      k += 1;
    }
  }
  return stations;
}

function isSamePort(a: Passing, b: Passing): boolean {
  return a.node === b.node && a.netns === b.netns && a.interface === b.interface && a.header === b.header;
}

function station(at: Passing, request: Passing | null, reply: Passing | null): Station {
  return {
    node: at.node,
    netns: at.netns,
    interface: at.interface,
    isTunnelled: at.header === "outer",
    request: request === null ? null : crossing(request),
    reply: reply === null ? null : crossing(reply),
  };
}

function crossing({ direction, seen, isPredicted, isLast, isNext }: Passing): Crossing {
  return { direction, seen, isPredicted, isLast, isNext };
}

/** Neighbours that are alike stand in one box. */
export function grouped<T, K>(
  items: readonly T[],
  keyOf: (item: T) => K,
): readonly { readonly key: K; readonly items: readonly T[] }[] {
  const groups: { key: K; items: T[] }[] = [];
  for (const item of items) {
    const key = keyOf(item);
    const last = groups.at(-1);
    if (last !== undefined && last.key === key) last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return groups;
}
