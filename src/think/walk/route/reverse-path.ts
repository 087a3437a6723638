import { type Ip, sameIp } from "../../../facts/ip.ts";
import { linkNamed } from "../../../facts/lookup/links.ts";
import { hasCustomLocalRoutes } from "../../../facts/lookup/routes.ts";
import type { Netns } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Read } from "../reads.ts";
import { askBoth, settingText } from "../sysctl.ts";
import type { NotKnown } from "../traveller.ts";
import type { RouteKey } from "./decision.ts";
import { leavesThrough, lookUpRoute } from "./fib.ts";
import { hasCustomRules } from "./policy-rules.ts";
import { routeText } from "./words.ts";

export interface SourceCheck {
  readonly netns: Netns;
  /** As the packet comes in: iif, src, dst, mark. */
  readonly key: RouteKey;
  readonly src: Ip;
  /** Where it will leave; null for local delivery. */
  readonly oif: string | null;
}

export type SourceVerdict =
  | { readonly is: "valid"; readonly detail: Phrase | null }
  | { readonly is: "filtered" | "martian"; readonly detail: Phrase; readonly reads: readonly Read[] }
  | (NotKnown & { readonly is: "unknown"; readonly reads: readonly Read[] });

/** fib_validate_source (net/ipv4/fib_frontend.c). IPv6 has no such check. */
export function validateSource(check: SourceCheck, ask: (read: Read) => void): SourceVerdict {
  const { netns, key, src } = check;
  if (src.family === 6 || key.iif === "lo") return { is: "valid", detail: null };
  const reads: Read[] = [];
  const record = (read: Read) => {
    reads.push(read);
    ask(read);
  };
  const filter = askBoth(netns, 4, key.iif, "rp_filter", record);
  const redirects = check.oif === key.iif;
  if (filter.max === 0 && !redirects) return validateWithout(check, record, reads);
  // An unread setting matters only where its values would end differently.
  const outcomes = (filter.max === null ? [0, 1, 2] : [filter.max]).map((mode) =>
    mode === 0 && !redirects ? validateWithout(check, record, reads) : validateFully(check, mode, record, reads),
  );
  const [first, ...others] = outcomes as [SourceVerdict, ...SourceVerdict[]];
  if (others.every((o) => o.is === first.is)) {
    if (first.is !== "filtered") return first;
    const settings = `${settingText(filter.own)}, ${settingText(filter.all)}`;
    return { ...first, detail: phrase("checked-by", { settings, route: first.detail }) };
  }
  return {
    is: "unknown",
    why: phrase("rp-filter-unread", { netns: netns.id, link: key.iif }),
    because: null,
    reads: [filter.all.read, filter.own.read],
  };
}

/** Without rp_filter only an own address as source is refused. */
function validateWithout(check: SourceCheck, record: (read: Read) => void, reads: readonly Read[]): SourceVerdict {
  const { netns, src } = check;
  if (!netns.routes.known || !netns.rules.known || !netns.links.known) return validateFully(check, 0, record, reads);
  if (hasCustomRules(netns.rules.value, 4) || hasCustomLocalRoutes(netns.routes.value)) {
    return validateFully(check, 0, record, reads);
  }
  const read: Read = { of: "local-address", netns: netns.id, ip: src };
  record(read);
  const own = netns.links.value.some((l) => l.addresses.some((a) => sameIp(a.ip, src)));
  if (!own) return { is: "valid", detail: null };
  return acceptsLocal(check, record, [read]);
}

/** __fib_validate_source. */
function validateFully(
  check: SourceCheck,
  mode: number,
  record: (read: Read) => void,
  reads: readonly Read[],
): SourceVerdict {
  const { netns, key, src } = check;
  const vmark = askBoth(netns, 4, key.iif, "src_valid_mark", record).max;
  const reverse: RouteKey = {
    dst: src,
    src: key.dst,
    iif: check.oif ?? "lo",
    oif: null,
    mark: vmark !== null && vmark > 0 ? key.mark : 0,
    protocol: key.protocol,
    sport: key.dport,
    dport: key.sport,
  };
  const answer = lookUpRoute(netns, reverse, record);
  if (answer.is === "unknown") return { ...answer, reads };
  const last = (detail: Phrase): SourceVerdict =>
    mode === 0 ? { is: "valid", detail: null } : { is: "filtered", detail, reads };
  if (answer.is !== "route") {
    return last(answer.is === "none" ? phrase("no-route-to", { address: src.text }) : answer.text);
  }
  const { route } = answer;
  const text = routeText(route);
  if (route.type === "local") {
    // accept_local lets it go on to the check of the link, which a local route seldom leads through.
    const accepted = acceptsLocal(check, record, answer.reads);
    if (accepted.is !== "valid") return accepted;
  } else if (route.type !== "unicast") return { is: "martian", detail: text, reads };
  const leavesHere = leavesThrough(route, key.iif);
  if (leavesHere === true) return { is: "valid", detail: text };
  const link = netns.links.known ? linkNamed(netns.links.value, key.iif) : null;
  const numbered = link === null || link.addresses.some((a) => a.ip.family === 4);
  const elsewhere = numbered && mode !== 1 ? ({ is: "valid", detail: text } as const) : last(text);
  if (leavesHere === false || elsewhere.is === "valid") return elsewhere;
  return { is: "unknown", why: phrase("route-without-link"), because: route.because, reads };
}

function acceptsLocal(check: SourceCheck, record: (read: Read) => void, why: readonly Read[]): SourceVerdict {
  const accept = askBoth(check.netns, 4, check.key.iif, "accept_local", record);
  const detail = phrase("own-address", { address: check.src.text, netns: check.netns.id });
  const reads = [...why, accept.all.read, accept.own.read];
  if (accept.max === null) {
    const unread = phrase("accept-local-unread", { netns: check.netns.id, address: check.src.text });
    return { is: "unknown", why: unread, because: null, reads };
  }
  return accept.max > 0 ? { is: "valid", detail: null } : { is: "martian", detail, reads };
}
