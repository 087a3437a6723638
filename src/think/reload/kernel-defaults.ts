/**
 * What a key is where nobody writes it: br_netfilter_sysctl_default (net/bridge/br_netfilter_hooks.c), ipv4_devconf
 * (net/ipv4/devinet.c), ipv6_devconf (net/ipv6/addrconf.c); both icmp_echo_ignore_all are 0 in a new netns. By the last
 * part of the key.
 */
const DEFAULTS: Readonly<Record<string, string>> = {
  "bridge-nf-call-iptables": "1",
  "bridge-nf-call-ip6tables": "1",
  rp_filter: "0",
  arp_ignore: "0",
  disable_ipv6: "0",
  icmp_echo_ignore_all: "0",
};

/** Null: not in the table. */
export function kernelDefault(key: string): string | null {
  return DEFAULTS[key.slice(key.lastIndexOf(".") + 1)] ?? null;
}
