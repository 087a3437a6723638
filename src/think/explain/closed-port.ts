import { sameIp } from "../../facts/ip.ts";
import { waitingAt } from "../../facts/lookup/sockets.ts";
import { type NetnsId, netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import type { NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

/** What speaks against it. */
export interface Doubts {
  readonly kernelDissents: boolean;
  /** By the API the address is somebody else's: that this one has no such server is as it should be. */
  readonly isSomebodyElses: boolean;
}

/** The host is reached and has no socket there: the fact that decides is the socket's absence, which no edit reverts. */
export function closedPort(
  suspect: Suspect,
  world: World,
  { kernelDissents, isSomebodyElses }: Doubts,
): readonly NamedCause[] {
  const { predicted, tried, outcomes } = suspect;
  const at = predicted?.at;
  if (at?.end !== "PORT_CLOSED" || predicted?.leg !== "request" || !at.decidedBy.some((r) => r.of === "socket")) {
    return [];
  }
  // tcp_v4_send_reset: whoever tried has heard of it. Of "port unreachable" a few are sent (icmp_ratelimit).
  const isRefused =
    tried.flow.protocol === "tcp" ? outcomes.every((o) => o === "refused") : outcomes.some((o) => o === "refused");
  const wasMet = suspect.failed > 0;
  const isWitnessed = suspect.witness === "agree" && wasMet;
  const isSure = isWitnessed && isRefused && suspect.attempts === suspect.failed && !kernelDissents;
  // What was to be translated and came through as it was has no server anywhere.
  const isUntranslated =
    tried.flow.toService !== undefined &&
    sameIp(at.destination.ip, tried.flow.dst) &&
    at.destination.port === tried.flow.dport;
  const isDoubtful =
    isSomebodyElses ||
    isUntranslated ||
    (wasMet && tried.flow.protocol === "tcp" && !isRefused) ||
    (!wasMet && tried.tries.length > 0);
  const node = nodeOf(at.netns);
  const netns = netnsNameOf(at.netns);
  const { port } = at.destination;
  const object = `socket ${tried.flow.protocol} ${port}`;
  const found = elsewhere(world, at.netns, tried.flow.protocol, port);
  const pod = netns.startsWith("pod:") ? netns.slice(4) : node;
  return [
    {
      id: "port-closed",
      node,
      netns,
      object,
      found,
      wanted: "LISTEN",
      params: { node, netns, object, port: String(port), pod, ...(found === null ? {} : { found }) },
      confidence: isDoubtful ? "suspected" : isSure ? "confirmed" : "likely",
      edits: [],
      proven: false,
      suspects: [suspect],
    },
  ];
}

/** Who waits at that port for other addresses: a server that listens on the loopback alone. */
function elsewhere(world: World, netns: NetnsId, protocol: "tcp" | "udp" | "icmp", port: number): string | null {
  const sockets = world.netns.get(netns)?.sockets;
  const waiting = sockets?.known !== true || protocol === "icmp" ? [] : waitingAt(sockets.value, protocol, port);
  return waiting.length === 0 ? null : waiting.join(", ");
}
