import { sysctlNamed } from "../../../facts/lookup/sysctls.ts";
import type { Netns, Sysctl } from "../../../facts/netns.ts";

/** A key of `net.<family>.conf.<interface>.<leaf>`, taken apart. `link` in its own spelling: `flannel.1`. */
export interface ConfKey {
  readonly family: "ipv4" | "ipv6";
  readonly link: string;
  readonly leaf: string;
}

/**
 * A key as procps prints it. Whichever of `.` and `/` comes first separates, the other one belongs to a name
 * (sysctl.d(5), sysctl(8)); a key is also taken as a path below /proc/sys.
 */
export function canonicalKey(text: string): string {
  const key = text
    .trim()
    .replace(/^\/proc\/sys\//, "/")
    .replace(/^\/+/, "");
  const separator = /[./]/.exec(key)?.[0];
  if (separator !== "/") return key;
  return key.replace(/[./]/g, (c) => (c === "/" ? "." : "/"));
}

/** net.ipv4.ip_forward is conf.all.forwarding under another name (net/ipv4/devinet.c, ipv4_devinet_ctl_forward). */
export function withoutAlias(key: string): string {
  return key === "net.ipv4.ip_forward" ? "net.ipv4.conf.all.forwarding" : key;
}

export function aliasOf(key: string): string | null {
  if (key === "net.ipv4.ip_forward") return "net.ipv4.conf.all.forwarding";
  return key === "net.ipv4.conf.all.forwarding" ? "net.ipv4.ip_forward" : null;
}

/** Null when the key is none of an interface's (`ip_forward` is one of `all`'s). */
export function parseConfKey(key: string): ConfKey | null {
  const parts = /^net\.(ipv4|ipv6)\.conf\.([^.]+)\.([^.]+)$/.exec(withoutAlias(key));
  if (parts === null) return null;
  const [, family, link = "", leaf = ""] = parts;
  return { family: family === "ipv6" ? "ipv6" : "ipv4", link: link.replaceAll("/", "."), leaf };
}

export function confKey(key: ConfKey): string {
  return `net.${key.family}.conf.${key.link.replaceAll(".", "/")}.${key.leaf}`;
}

/** The row of a key, or of its alias where only that was read; null when neither was. */
export function sysctlRow(netns: Netns | undefined, key: string): Sysctl | null {
  if (netns === undefined || !netns.sysctls.known) return null;
  const alias = aliasOf(key);
  const rows = netns.sysctls.value;
  return sysctlNamed(rows, key) ?? (alias === null ? null : sysctlNamed(rows, alias));
}

/** addrconf_fixup_forwarding (net/ipv6/addrconf.c): whoever becomes a router takes no other one's advertisements. */
export function purgesAdvertised(key: string, value: string): boolean {
  const set = parseConfKey(key);
  return set?.family === "ipv6" && set.leaf === "forwarding" && set.link !== "default" && Number(value) !== 0;
}

/**
 * Whether advertised default routes of a link with this accept_ra outlast that: __rt6_purge_dflt_routers (net/ipv6/route.c) spares 2. Where
 * it is 0 the kernel takes no advertisements: a daemon set its routes, and they stay.
 */
export function sparesAdvertised(acceptRa: string | undefined): boolean {
  return acceptRa === "0" || acceptRa === "2";
}
