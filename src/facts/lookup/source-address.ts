import { contains, type Ip } from "../ip.ts";
import type { Address, Link, Table } from "../netns.ts";

/** RT_SCOPE_* of linux/rtnetlink.h: smaller reaches farther. */
export function scopeNumber(scope: string): number {
  const named: Record<string, number> = { global: 0, universe: 0, site: 200, link: 253, host: 254, nowhere: 255 };
  return named[scope] ?? (/^\d+$/.test(scope) ? Number(scope) : 0);
}

/**
 * inet_select_addr (net/ipv4/devinet.c): the primary address of a link that may be used for a scope, preferring
 * one whose network holds the next hop; else one of another link. Null when the netns has none.
 */
export function selectIpv4(links: Table<Link>, dev: Link, nextHop: Ip | null, scope: number): Ip | null {
  const fits = (a: Address) => a.ip.family === 4 && !a.secondary && scopeNumber(a.scope) <= scope;
  const own = dev.addresses.filter(fits);
  const near = nextHop === null ? undefined : own.find((a) => contains(a.prefix, nextHop));
  const chosen = near ?? own[0];
  if (chosen !== undefined) return chosen.ip;
  for (const other of links) {
    const found = other.addresses.find((a) => fits(a) && scopeNumber(a.scope) !== 253);
    if (found !== undefined) return found.ip;
  }
  return null;
}

/** RFC 6724 as far as it matters here: same scope as the destination, on the outgoing link, longest common prefix. */
export function selectIpv6(links: Table<Link>, dev: Link | null, dst: Ip): Ip | null {
  const wanted = isLinkLocal(dst) ? 253 : 0;
  const common = (a: Ip) => {
    const differing = (a.value ^ dst.value).toString(2);
    return 128 - (a.value === dst.value ? 0 : differing.length);
  };
  let best: { readonly ip: Ip; readonly rank: number } | null = null;
  for (const link of links) {
    for (const address of link.addresses) {
      if (address.ip.family !== 6 || address.ip.value === 1n) continue;
      const scope = isLinkLocal(address.ip) ? 253 : 0;
      if (scope === 253 && link.name !== dev?.name) continue;
      const rank = (scope === wanted ? 1000 : 0) + (link.name === dev?.name ? 500 : 0) + common(address.ip);
      if (best === null || rank > best.rank) best = { ip: address.ip, rank };
    }
  }
  return best?.ip ?? null;
}

export function isLinkLocal(address: Ip): boolean {
  return address.family === 6 && address.value >> 118n === 0x3fan;
}
