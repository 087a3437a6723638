import { parseIp } from "../../facts/ip.ts";
import type { Bridge, BridgePort, IpTunnel, Vxlan } from "../../facts/netns.ts";
import { parseU32 } from "./parsed.ts";

/** The words of a link's detail line, and each word's next one: iproute2 prints mostly pairs. */
export class Details {
  readonly words: readonly string[];
  #next = new Map<string, string>();

  constructor(words: readonly string[]) {
    this.words = words;
    for (const [i, word] of words.entries()) {
      if (!this.#next.has(word)) this.#next.set(word, words[i + 1] ?? "");
    }
  }

  has(word: string): boolean {
    return this.#next.has(word);
  }

  after(word: string): string | undefined {
    return this.#next.get(word);
  }

  isOn(word: string, otherwise: boolean): boolean {
    const value = this.#next.get(word);
    return value === undefined ? otherwise : value === "on" || value === "1";
  }
}

/** drivers/net/vxlan as ip/iplink_vxlan.c prints it. */
export function readVxlan(details: Details): Vxlan {
  // iproute2 6.1 prints `vnifilterid 0` where it means `vnifilter id 0`.
  const external = details.has("external");
  const vni = parseU32(details.after("id"));
  const ttl = details.after("ttl");
  return {
    vni: external ? null : vni,
    local: parseIp(details.after("local") ?? details.after("local6") ?? ""),
    remote: parseIp(details.after("remote") ?? details.after("remote6") ?? ""),
    group: parseIp(details.after("group") ?? details.after("group6") ?? ""),
    dev: details.after("dev") ?? null,
    // The kernel's default, which iproute2 always prints where it is otherwise.
    dstPort: parseU32(details.after("dstport")) ?? 8472,
    learning: !details.has("nolearning"),
    ttl: ttl === "inherit" ? "inherit" : (parseU32(ttl) ?? "auto"),
    external,
  };
}

/** Kinds whose detail line is that of a point-to-point IP tunnel (ip/link_iptnl.c, link_gre.c, link_ip6tnl.c). */
export const TUNNEL_KINDS: ReadonlySet<string> = new Set([
  "ipip",
  "sit",
  "gre",
  "gretap",
  "ip6tnl",
  "ip6gre",
  "ip6gretap",
  "vti",
  "vti6",
  "erspan",
  "ip6erspan",
]);

const MODES = new Set(["any", "ipip", "ip6ip", "mplsip", "ipip6", "ip6ip6", "ip4ip6", "ip4ip4"]);

export function readTunnel(kind: string, details: Details): IpTunnel {
  const second = details.words[1] ?? "";
  const ttl = details.after("ttl") ?? details.after("hoplimit");
  return {
    mode: MODES.has(second) ? second : kind,
    local: parseIp(details.after("local") ?? ""),
    remote: parseIp(details.after("remote") ?? ""),
    dev: details.after("dev") ?? null,
    ttl: parseU32(ttl) ?? "inherit",
    pmtudisc: !details.has("nopmtudisc"),
    external: details.has("external"),
  };
}

export function readBridge(details: Details): Bridge {
  return {
    vlanFiltering: details.isOn("vlan_filtering", false),
    stp: details.has("stp_state") && details.after("stp_state") !== "0",
    nfCallIptables: details.isOn("nf_call_iptables", false),
    nfCallIp6tables: details.isOn("nf_call_ip6tables", false),
  };
}

export function readBridgePort(details: Details): BridgePort {
  return {
    state: details.after("state") ?? "forwarding",
    hairpin: details.isOn("hairpin", false),
    isolated: details.isOn("isolated", false),
    learning: details.isOn("learning", true),
    flood: details.isOn("flood", true),
    neighSuppress: details.isOn("neigh_suppress", false),
  };
}
