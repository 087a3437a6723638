import type { NetnsId } from "../../facts/provenance.ts";
import type { Frame } from "../sighting.ts";
import { decodeFrame } from "./decode-frame.ts";
import { PcapReader } from "./pcap.ts";
import { DEFAULT_TUNNEL_PORTS, type TunnelPorts } from "./tunnels.ts";

export interface CapturePlace {
  readonly netns: NetnsId;
  /** Names by interface index, of this netns. An index that is missing reads `if7`. */
  readonly linkNames: ReadonlyMap<number, string>;
  /** Where the tap heard one interface in one direction only, which the file itself does not tell. */
  readonly only: { readonly link: string; readonly direction: "in" | "out" } | null;
  readonly tunnelPorts?: TunnelPorts;
}

/** Turns the chunks of one capture into frames, numbered in file order. */
export class CaptureDecoder {
  readonly pcap = new PcapReader();
  private readonly place: CapturePlace;
  private readonly ports: TunnelPorts;

  constructor(place: CapturePlace) {
    this.place = place;
    this.ports = place.tunnelPorts ?? DEFAULT_TUNNEL_PORTS;
  }

  push(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    const { place, ports, pcap } = this;
    pcap.push(chunk, (record) => {
      const { ifindex, direction, forOthers, headers } = decodeFrame(record, pcap.linkType ?? -1, ports);
      const link = place.only?.link ?? (ifindex === null ? null : nameOf(place.linkNames, ifindex));
      const seen = place.only?.direction ?? direction;
      const order = pcap.records - 1;
      const { atNs } = record;
      if (forOthers) onFrame({ netns: place.netns, link, direction: seen, forOthers, headers, order, atNs });
      else onFrame({ netns: place.netns, link, direction: seen, headers, order, atNs });
    });
  }
}

/** A capture as a whole, as a recorded cluster holds it. `failure`: why it could not be read to its end. */
export function readCapture(
  bytes: Uint8Array,
  place: CapturePlace,
): { readonly frames: readonly Frame[]; readonly failure: string | null } {
  const decoder = new CaptureDecoder(place);
  const frames: Frame[] = [];
  decoder.push(bytes, (frame) => frames.push(frame));
  const { failure, linkType } = decoder.pcap;
  return { frames, failure: failure ?? (linkType === null ? "not a pcap file: shorter than its header" : null) };
}

/**
 * What several captures of one netns hold, in the order in which it was there. One file keeps its own order. Several share their
 * kernel's clock: there, and only there, it may order.
 */
export function inOneOrder(captures: readonly (readonly Frame[])[]): readonly Frame[] {
  if (captures.length === 1) return captures[0] as readonly Frame[];
  return captures
    .flat()
    .sort((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0))
    .map((frame, order) => ({ ...frame, order }));
}

/** `ip -o link` text: index to name. Names may hold any character but slash and space; the peer follows an `@`. */
export function parseLinkNames(text: string): Map<number, string> {
  return new Map(parseLinks(text).map(({ index, name }) => [index, name]));
}

/** `ip -o link` text: names of the links that are up; nothing passes others, and nobody can listen on them. */
export function parseLinksUp(text: string): readonly string[] {
  return parseLinks(text).flatMap(({ name, flags }) => (flags.includes("UP") ? [name] : []));
}

function parseLinks(text: string) {
  return text.split("\n").flatMap((line) => {
    const match = /^(\d{1,10}): (\S{1,64}): <([^>]{0,256})>/.exec(line);
    if (match === null) return [];
    const [, index, shown = "", flags = ""] = match;
    const at = shown.lastIndexOf("@");
    return [{ index: Number(index), name: at > 0 ? shown.slice(0, at) : shown, flags: flags.split(",") }];
  });
}

function nameOf(names: ReadonlyMap<number, string>, index: number): string {
  return names.get(index) ?? `if${index}`;
}
