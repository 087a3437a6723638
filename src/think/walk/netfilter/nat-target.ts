import { type Ip, ip, ipFromValue } from "../../../facts/ip.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { NatRange, PortRange, Target } from "../../../facts/ruleset.ts";
import { linksOf } from "../../../facts/world.ts";
import type { Packet } from "../packet.ts";
import { translate } from "./connection.ts";
import type { Connection, HookContext } from "./contract.ts";
import { viewPacket } from "./packet-view.ts";

export type NatTarget = Extract<Target, { do: "DNAT" | "SNAT" } | { do: "REDIRECT" }> | { readonly do: "MASQUERADE" };

/** Several connections: one of them by the kernel's hash, which is as good as chance. */
export type NatResult =
  | { readonly do: "translate"; readonly choices: readonly Connection[] }
  | { readonly do: "drop" }
  | { readonly do: "unknown"; readonly why: Phrase };

/** A larger pool of addresses is not followed one by one. */
const MOST_ADDRESSES = 64n;

/** nf_nat_setup_info, as xt_nat.c, xt_REDIRECT.c, xt_MASQUERADE.c and their nft twins call it. */
export function translateBy(
  target: NatTarget,
  packet: Packet,
  connection: Connection,
  context: HookContext,
): NatResult {
  const view = viewPacket(packet);
  switch (target.do) {
    case "DNAT":
      return pick(target.range, connection, "destination", view.ip.dst, view.dport);
    case "SNAT":
      return pick(target.range, connection, "source", view.ip.src, view.sport);
    case "REDIRECT": {
      const to = redirectAddress(view.ip.dst.family, context);
      if (to === null) return { do: "unknown", why: phrase("redirect-address-unknown") };
      if (to === "none") return { do: "drop" };
      const port = portIn(target.ports, view.dport);
      return { do: "translate", choices: [translate(connection, { side: "destination", ip: to, port })] };
    }
    case "MASQUERADE": {
      const source = context.oif === null ? null : context.masqueradeSource(context.oif, view.ip.dst);
      if (source === null) return { do: "unknown", why: phrase("masquerade-address-unknown") };
      return { do: "translate", choices: [translate(connection, { side: "source", ip: source, port: null })] };
    }
  }
}

function pick(
  range: NatRange,
  connection: Connection,
  side: "source" | "destination",
  old: Ip,
  oldPort: number | null,
): NatResult {
  const port = portIn(range.ports, oldPort);
  if (range.low === null) return { do: "translate", choices: [translate(connection, { side, ip: old, port })] };
  const high = range.high ?? range.low;
  const count = high - range.low + 1n;
  if (count < 1n || count > MOST_ADDRESSES) return { do: "unknown", why: phrase("nat-pool-too-large") };
  const choices: Connection[] = [];
  for (let value = range.low; value <= high; value++) {
    choices.push(translate(connection, { side, ip: ipFromValue(old.family, value), port }));
  }
  return { do: "translate", choices };
}

/** A port inside the range is kept; else the first of the range (nf_nat_l4proto_unique_tuple, destination side). */
function portIn(ports: PortRange | null, old: number | null): number | null {
  if (ports === null || old === null) return null;
  return ports[0] <= old && old <= ports[1] ? old : ports[0];
}

/** nf_nat_redirect.c: loopback for what is sent here, else the first address of the ingress link; none: dropped. */
function redirectAddress(family: 4 | 6, context: HookContext): Ip | "none" | null {
  if (context.hook === "OUTPUT") return ip(family === 4 ? "127.0.0.1" : "::1");
  if (!context.netns.links.known || context.iif === null) return null;
  const link = linksOf(context.netns).find((l) => l.name === context.iif);
  if (link === undefined) return null;
  context.ask({ of: "link", netns: context.netns.id, name: link.name });
  return link.addresses.find((a) => a.ip.family === family)?.ip ?? "none";
}
