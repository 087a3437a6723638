import type { Link, Netns } from "../../../facts/netns.ts";
import type { Read } from "../reads.ts";
import { askSysctl, type Setting } from "../sysctl.ts";

/**
 * Does br_netfilter hand the bridge's IP frames to netfilter? Null: not known, and there are rules that would see
 * them. Without the module the key does not exist. (br_nf_pre_routing, net/bridge/br_netfilter_hooks.c)
 */
export function bridgeFilters(
  netns: Netns,
  bridge: Link,
  family: 4 | 6,
  ask: (read: Read) => void,
): { readonly on: boolean | null; readonly setting: Setting } {
  const key = family === 4 ? "net.bridge.bridge-nf-call-iptables" : "net.bridge.bridge-nf-call-ip6tables";
  const setting = askSysctl(netns, key, ask);
  if (!netns.sysctls.known) {
    const bare = netns.rulesets.known && netns.rulesets.value.every((r) => r.tables.length === 0);
    return { on: bare ? false : null, setting };
  }
  if (setting.fact === null) return { on: false, setting };
  const own = family === 4 ? bridge.bridge?.nfCallIptables : bridge.bridge?.nfCallIp6tables;
  return { on: setting.value !== 0 || own === true, setting };
}
