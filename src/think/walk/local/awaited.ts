import { outerIp } from "../packet.ts";
import { payloadOf } from "../packet-parts.ts";
import type { Traveller } from "../traveller.ts";

/** Does the answer come from where the question went, to the port that asked (__inet_lookup_established)? */
export function fitsAwaited(traveller: Traveller): boolean {
  const { awaited } = traveller;
  if (awaited === null) throw new Error("a reply that nobody awaits");
  const payload = payloadOf(traveller.packet);
  const ports = payload?.kind === "tcp" || payload?.kind === "udp" ? payload : null;
  if (outerIp(traveller.packet).src.text !== awaited.src.text) return false;
  return ports === null || (ports.sport === awaited.sport && ports.dport === awaited.dport);
}
