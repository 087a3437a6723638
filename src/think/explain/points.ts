import type { NetnsId } from "../../facts/provenance.ts";
import { type Branch, type TapPoint, tapPoints } from "../walk/branch.ts";
import type { Packet } from "../walk/packet.ts";

/** A place where a packet is seen: what a tap sighted, or what a walk says that a tap would. */
export interface Point {
  readonly netns: NetnsId;
  readonly link: string;
  /** Null when the capture does not tell. */
  readonly direction: "in" | "out" | null;
  readonly leg: "request" | "reply";
  /** Sighted with a MAC address that is not the link's. */
  readonly forOthers?: true;
  /** `outer`: inside a tunnel's packet. */
  readonly header: "inner" | "outer";
}

/** Every point that the request, then the reply, passes by the walk, in order. */
export function expectedPoints(branch: Branch): readonly Point[] {
  return tapPoints(branch).map(toPoint);
}

export function samePlace(a: Point, b: Point): boolean {
  return (
    a.netns === b.netns &&
    a.link === b.link &&
    a.leg === b.leg &&
    a.header === b.header &&
    (a.direction === null || b.direction === null || a.direction === b.direction)
  );
}

function toPoint({ netns, link, direction, leg, packet }: TapPoint): Point {
  return { netns, link, direction, leg, header: isEncapsulated(packet) ? "outer" : "inner" };
}

function isEncapsulated(packet: Packet): boolean {
  return packet.headers.filter((h) => h.kind === "ip").length > 1;
}
