import { type Ip, sameIp } from "./ip.ts";
import type { Link, Netns } from "./netns.ts";
import type { Phrase } from "./phrase.ts";
import type { NetnsId } from "./provenance.ts";

/** What joins links of different network namespaces. */
export type Wire =
  | { readonly kind: "veth"; readonly ends: readonly [WireEnd, WireEnd] }
  /** One layer 2 segment between machines, told by a shared subnet: we do not own the fabric behind it. */
  | { readonly kind: "segment"; readonly ends: readonly WireEnd[] };

export interface WireEnd {
  readonly netns: NetnsId;
  readonly link: string;
}

/** All that was collected, without any Kubernetes in it. */
export interface World {
  readonly netns: ReadonlyMap<NetnsId, Netns>;
  readonly wires: readonly Wire[];
}

/** Something that could not be read, parsed or probed; the run went on without it. */
export interface NotChecked {
  readonly what: Phrase;
  readonly why: Phrase;
}

export function linksOf(netns: Netns | undefined): readonly Link[] {
  return netns?.links.known ? netns.links.value : [];
}

/** The namespaces that have an address, on a loopback link not counted: one, if it is nobody's besides. */
export function netnsWith(world: World, ip: Ip): readonly Netns[] {
  return [...world.netns.values()].filter((netns) =>
    linksOf(netns).some((link) => link.kind !== "loopback" && link.addresses.some((a) => sameIp(a.ip, ip))),
  );
}
