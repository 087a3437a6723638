import type { Ip } from "../../../facts/ip.ts";
import type { HookContext } from "./contract.ts";
import type { PacketView } from "./packet-view.ts";

type Side = "src" | "dst";

/** All that a set may look at of a packet, so that the same can be asked of a peer's set. */
export interface SetQuestion {
  /** Which side each dimension of an entry is compared with. */
  readonly dimensions: readonly Side[];
  readonly addresses: Readonly<Record<Side, Ip>>;
  readonly protocol: number;
  /** Null for a protocol without ports. */
  readonly ports: Readonly<Record<Side, number | null>>;
  readonly links: Readonly<Record<Side, string | null>>;
  readonly bridgePorts: Readonly<Record<Side, string | null>>;
  /** The same for the same question. */
  readonly text: string;
}

export function setQuestion(
  dimensions: readonly Side[],
  { ip, sport, dport }: PacketView,
  { iif, oif, physIn, physOut }: HookContext,
): SetQuestion {
  const words = [dimensions, ip.src.text, ip.dst.text, ip.protocol, sport, dport, iif, oif, physIn, physOut];
  return {
    dimensions,
    addresses: { src: ip.src, dst: ip.dst },
    protocol: ip.protocol,
    ports: { src: sport, dst: dport },
    links: { src: iif, dst: oif },
    bridgePorts: { src: physIn, dst: physOut },
    text: words.join(" "),
  };
}
