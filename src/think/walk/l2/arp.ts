import { contains, type Ip, sameIp } from "../../../facts/ip.ts";
import { asksForNeighbours } from "../../../facts/lookup/links.ts";
import { isProxied } from "../../../facts/lookup/neighbours.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import { confKey } from "../../../facts/lookup/sysctls.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Read } from "../reads.ts";
import { lookUpRoute } from "../route/fib.ts";
import { askBoth, askSysctl } from "../sysctl.ts";

export type ArpAnswer =
  | { readonly is: "yes"; readonly proxied: boolean }
  /** `reads`: what kept it from answering, where it might have. */
  | { readonly is: "no"; readonly reads: readonly Read[] }
  | { readonly is: "unknown"; readonly why: Phrase };

export interface ArpQuestion {
  readonly netns: Netns;
  /** Where the question is heard. */
  readonly link: Link;
  readonly target: Ip;
  /** Null: not known. */
  readonly sender: Ip | null;
  /** Nobody else hears it: then it is this host's to answer, by proxy if need be. */
  readonly alone: boolean;
}

/** Does a host answer, on one of its links, for an address? arp_process (net/ipv4/arp.c), ndisc_recv_ns. */
export function answersFor(question: ArpQuestion, ask: (read: Read) => void): ArpAnswer {
  const { netns, link, target, sender } = question;
  if (target.family === 6) {
    // An address that is tentative, or whose double was found (dadfailed), has no local route, and is not answered for.
    const isOwn = !netns.routes.known || isLocalAddress(netns.routes.value, target);
    if (isOwn && link.addresses.some((a) => sameIp(a.ip, target))) return { is: "yes", proxied: false };
    return advertisesByProxy(question, ask);
  }
  if (!asksForNeighbours(link)) {
    // arp_rcv hears nothing there.
    const read: Read = { of: "link", netns: netns.id, name: link.name };
    ask(read);
    const mayAnswer = question.alone || !netns.routes.known || isLocalAddress(netns.routes.value, target);
    return { is: "no", reads: mayAnswer ? [read] : [] };
  }
  const key = {
    dst: target,
    src: sender,
    iif: link.name,
    oif: null,
    mark: 0,
    protocol: 0,
    sport: null,
    dport: null,
  };
  ask({ of: "local-address", netns: netns.id, ip: target });
  // Only the route of one that may answer is part of the walk: that of others is no question to the facts.
  const asked: Read[] = [];
  const answer = lookUpRoute(netns, key, (read) => asked.push(read));
  if (answer.is === "unknown") return { is: "unknown", why: answer.why };
  if (answer.is !== "route") {
    if (!question.alone) return { is: "no", reads: [] };
    const proxy = askBoth(netns, 4, link.name, "proxy_arp", ask);
    for (const read of asked) ask(read);
    return { is: "no", reads: proxy.max === 1 ? answer.reads : [] };
  }
  if (answer.route.type === "local") {
    const ignore = askBoth(netns, 4, link.name, "arp_ignore", ask);
    if (!ignores(ignore.max ?? 0, link, target, sender)) return { is: "yes", proxied: false };
    return { is: "no", reads: [ignore.all.read, ignore.own.read] };
  }
  const leaves = answer.route.nexthops[0]?.dev ?? null;
  if (answer.route.type !== "unicast") return { is: "no", reads: [] };
  if (leaves === null) return { is: "unknown", why: phrase("route-without-link") };
  if (leaves === link.name) return answersForIsolated(question, ask);
  for (const read of asked) ask(read);
  return answersByProxy(question, ask);
}

/** arp_ignore: a host that was told to keep quiet about some of its addresses. */
function ignores(mode: number, link: Link, target: Ip, sender: Ip | null): boolean {
  const own = link.addresses.filter((a) => sameIp(a.ip, target));
  if (mode === 1) return own.length === 0;
  if (mode === 2) return !own.some((a) => sender !== null && contains(a.prefix, sender));
  return mode === 8;
}

/** arp_fwd_proxy, pneigh_lookup: only a router answers for others, and only where it was told to. */
function answersByProxy(question: ArpQuestion, ask: (read: Read) => void): ArpAnswer {
  const { netns, link, target } = question;
  const proxy = askBoth(netns, 4, link.name, "proxy_arp", ask);
  const told = netns.neighbours.known && isProxied(netns.neighbours.value, link.name, target);
  if (proxy.max === 0 && !told) return { is: "no", reads: question.alone ? [proxy.own.read] : [] };
  if (proxy.max === null) return unread(question);
  return answersAsRouter(question, ask);
}

/** arp_fwd_pvlan: for those on the same link whom a switch keeps apart. */
function answersForIsolated(question: ArpQuestion, ask: (read: Read) => void): ArpAnswer {
  const asked: Read[] = [];
  const proxy = askBoth(question.netns, 4, question.link.name, "proxy_arp_pvlan", (read) => asked.push(read));
  if ((proxy.max ?? 0) === 0) return { is: "no", reads: [] };
  for (const read of asked) ask(read);
  return answersAsRouter(question, ask);
}

function answersAsRouter(question: ArpQuestion, ask: (read: Read) => void): ArpAnswer {
  const { netns, link } = question;
  const forwarding = askSysctl(netns, confKey(4, link.name, "forwarding"), ask);
  if (forwarding.value === null) return unread(question);
  if (forwarding.value !== 0) return { is: "yes", proxied: true };
  const global = askSysctl(netns, "net.ipv4.ip_forward", ask);
  const reads = global.value === 0 ? [forwarding.read, global.read] : [forwarding.read];
  return { is: "no", reads };
}

/** pndisc_is_router: of the addresses of others a router advertises those alone that it was told. */
function advertisesByProxy(question: ArpQuestion, ask: (read: Read) => void): ArpAnswer {
  const { netns, link, target } = question;
  if (!netns.neighbours.known || !isProxied(netns.neighbours.value, link.name, target)) return { is: "no", reads: [] };
  const proxy = askBoth(netns, 6, link.name, "proxy_ndp", ask);
  const forwarding = askSysctl(netns, confKey(6, link.name, "forwarding"), ask);
  if (proxy.max === null || forwarding.value === null) return unread(question);
  if (proxy.max === 0) return { is: "no", reads: [proxy.own.read] };
  return forwarding.value === 0 ? { is: "no", reads: [forwarding.read] } : { is: "yes", proxied: true };
}

function unread({ netns, link, target }: ArpQuestion): ArpAnswer {
  return {
    is: "unknown",
    why: phrase("arp-answer-unread", { netns: netns.id, link: link.name, address: target.text }),
  };
}
