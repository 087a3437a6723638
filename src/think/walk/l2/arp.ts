import { type Ip, sameIp } from "../../../facts/ip.ts";
import { isProxied } from "../../../facts/lookup/neighbours.ts";
import { confKey } from "../../../facts/lookup/sysctls.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import type { Read } from "../reads.ts";
import { lookUpRoute } from "../route/fib.ts";
import { askBoth, askSysctl } from "../sysctl.ts";

export type ArpAnswer =
  | { readonly is: "yes"; readonly proxied: boolean }
  /** `reads`: what kept it from answering, where it might have. */
  | { readonly is: "no"; readonly reads: readonly Read[] }
  | { readonly is: "unknown"; readonly why: string };

/** Does a host answer, on one of its links, for an address? arp_process (net/ipv4/arp.c), ndisc_recv_ns. */
export function answersFor(
  netns: Netns,
  link: Link,
  target: Ip,
  sender: Ip | null,
  ask: (read: Read) => void,
): ArpAnswer {
  if (target.family === 6) {
    if (link.addresses.some((a) => sameIp(a.ip, target))) return { is: "yes", proxied: false };
    return { is: "no", reads: [] };
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
  // Only the route to one that may answer is part of the walk: that of others is no question to the facts.
  const asked: Read[] = [];
  const answer = lookUpRoute(netns, key, (read) => asked.push(read));
  if (answer.is === "unknown") return { is: "unknown", why: answer.why };
  if (answer.is !== "route") return { is: "no", reads: [] };
  if (answer.route.type === "local") {
    const ignore = askBoth(netns, 4, link.name, "arp_ignore", ask);
    const own = link.addresses.some((a) => sameIp(a.ip, target));
    if (ignore.max === null || ignore.max === 0 || (ignore.max < 3 && own)) return { is: "yes", proxied: false };
    return { is: "no", reads: [ignore.all.read, ignore.own.read] };
  }
  const leaves = answer.route.nexthops[0]?.dev ?? null;
  if (answer.route.type !== "unicast" || leaves === link.name) return { is: "no", reads: [] };
  for (const read of asked) ask(read);
  return answersByProxy(netns, link, target, ask);
}

/** arp_fwd_proxy, pneigh_lookup: only a router answers for others, and only where it was told to. */
function answersByProxy(netns: Netns, link: Link, target: Ip, ask: (read: Read) => void): ArpAnswer {
  const proxy = askBoth(netns, 4, link.name, "proxy_arp", ask);
  const told = netns.neighbours.known && isProxied(netns.neighbours.value, link.name, target);
  if (proxy.max === 0 && !told) return { is: "no", reads: [] };
  const forwarding = askSysctl(netns, confKey(4, link.name, "forwarding"), ask);
  if (proxy.max === null || forwarding.value === null) {
    return { is: "unknown", why: `whether ${netns.id} answers for ${target.text} on ${link.name} was not read` };
  }
  if (forwarding.value !== 0) return { is: "yes", proxied: true };
  const global = askSysctl(netns, "net.ipv4.ip_forward", ask);
  const reads = global.value === 0 ? [forwarding.read, global.read] : [forwarding.read];
  return { is: "no", reads };
}
