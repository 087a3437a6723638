import { remotesOf, ZERO_MAC } from "../../../facts/lookup/fdb.ts";
import { linkNamed, linksUnder } from "../../../facts/lookup/links.ts";
import { isLocalAddress } from "../../../facts/lookup/routes.ts";
import { otherEnds, wiresAt } from "../../../facts/lookup/wires.ts";
import type { Ip } from "../../../facts/ip.ts";
import type { Link, Netns } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { World, WireEnd } from "../../../facts/world.ts";

/** A link with its own MAC address that hears what is sent to all on a layer 2 segment. */
export interface Station {
  readonly netns: Netns;
  readonly link: Link;
  /** The first link on the way to it that is down: it would hear, were that up. */
  readonly down: WireEnd | null;
}

export interface Hearers {
  readonly stations: readonly Station[];
  /** Why there may be others; empty when all are known. */
  readonly gaps: readonly Phrase[];
}

/** Follows a broadcast out of a link, through bridges, wires and VXLAN, to all that hear it. */
export function hearersBeyond(world: World, netns: Netns, link: Link): Hearers {
  const survey = new Survey(world);
  survey.emit(netns, link, null);
  return survey;
}

/** Who hears a frame that arrives on a link from its wire. */
export function hearersAt(world: World, end: WireEnd): Hearers {
  const survey = new Survey(world);
  survey.arriveAt(end, null);
  return survey;
}

class Survey implements Hearers {
  readonly stations: Station[] = [];
  readonly gaps: Phrase[] = [];
  readonly #world: World;
  readonly #visited = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  emit(netns: Netns, link: Link, down: WireEnd | null): void {
    const here = link.up ? down : (down ?? { netns: netns.id, link: link.name });
    if (!this.#enter("emit", netns, link)) return;
    if (link.kind === "bridge") this.#emitFromPorts(netns, link, null, here);
    else if (link.kind === "vxlan") this.#emitThroughVxlan(netns, link, here);
    else this.#emitOnWires(netns, link, here);
  }

  arriveAt(end: WireEnd, down: WireEnd | null): void {
    const netns = this.#world.netns.get(end.netns);
    if (netns === undefined) {
      this.#gap(phrase("not-collected", { netns: end.netns }));
      return;
    }
    if (!netns.links.known) {
      this.#gap(phrase("links-unknown", { netns: end.netns, why: netns.links.why }));
      return;
    }
    const link = linkNamed(netns.links.value, end.link);
    if (link === null) {
      this.#gap(phrase("no-such-link", { netns: end.netns, link: end.link }));
      return;
    }
    this.#arrive(netns, link, link.up ? down : (down ?? end));
  }

  #arrive(netns: Netns, link: Link, down: WireEnd | null): void {
    if (!this.#enter("arrive", netns, link)) return;
    const master = link.master === null || !netns.links.known ? null : linkNamed(netns.links.value, link.master);
    if (master === null) {
      this.stations.push({ netns, link, down });
      return;
    }
    if (master.kind !== "bridge") {
      this.#arrive(netns, master, down);
      return;
    }
    if (this.#enter("station", netns, master)) this.stations.push({ netns, link: master, down });
    this.#emitFromPorts(netns, master, link.name, down);
  }

  #emitFromPorts(netns: Netns, bridge: Link, except: string | null, down: WireEnd | null): void {
    if (!netns.links.known) return;
    for (const port of linksUnder(netns.links.value, bridge.name)) {
      if (port.name !== except) this.emit(netns, port, down);
    }
  }

  #emitOnWires(netns: Netns, link: Link, down: WireEnd | null): void {
    const wires = wiresAt(this.#world.wires, netns.id, link.name);
    if (wires.length === 0) this.#gap(phrase("wire-unread", { netns: netns.id, link: link.name }));
    for (const wire of wires) {
      if (wire.kind === "segment") this.#gap(phrase("segment-open", { netns: netns.id, link: link.name }));
      for (const end of otherEnds(wire, netns.id, link.name)) this.arriveAt(end, down);
    }
  }

  #emitThroughVxlan(netns: Netns, link: Link, down: WireEnd | null): void {
    if (!netns.fdb.known) {
      this.#gap(phrase("fdb-unread", { netns: netns.id, link: link.name, why: netns.fdb.why }));
      return;
    }
    if (link.vxlan === null || link.vxlan.external || link.vxlan.group !== null) {
      this.#gap(phrase("broadcasts-unknown", { netns: netns.id, link: link.name }));
      return;
    }
    const flooded = remotesOf(netns.fdb.value, link.name, ZERO_MAC).map((e) => e.dst);
    for (const remote of new Set(flooded)) {
      if (remote === null) continue;
      const far = netnsWithAddress(this.#world, remote);
      if (far === null) this.#gap(phrase("nobody-has", { address: remote.text }));
      for (const twin of far?.links.known ? far.links.value : []) {
        if (twin.vxlan?.vni === link.vxlan.vni && twin.kind === "vxlan" && far !== null) {
          this.#arrive(far, twin, twin.up ? down : (down ?? { netns: far.id, link: twin.name }));
        }
      }
    }
  }

  #enter(what: string, netns: Netns, link: Link): boolean {
    const key = `${what} ${netns.id} ${link.name}`;
    if (this.#visited.has(key)) return false;
    this.#visited.add(key);
    return true;
  }

  #gap(why: Phrase): void {
    this.gaps.push(why);
  }
}

/** The netns that has an address of its own; null when none does, or more than one. */
function netnsWithAddress(world: World, address: Ip): Netns | null {
  const owners = [...world.netns.values()].filter((n) => n.routes.known && isLocalAddress(n.routes.value, address));
  return owners.length === 1 ? (owners[0] ?? null) : null;
}
