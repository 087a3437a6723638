import { isQueueFull, socketsFor } from "../../facts/lookup/sockets.ts";
import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import type { NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

/** What speaks against it. */
export interface Doubts {
  readonly kernelDissents: boolean;
  /** The kernel counts such losses, and counted none. */
  readonly countersRest: boolean;
}

/** A server listens and accepts nobody: the fact that decides is the length of its queue, which no edit shortens. */
export function fullQueue(suspect: Suspect, world: World, doubts: Doubts): readonly NamedCause[] {
  const { predicted, tried, outcomes } = suspect;
  const at = predicted?.at;
  if (at?.end !== "LISTEN_QUEUE_FULL" || predicted?.leg !== "request") return [];
  const { ip, port } = at.destination;
  const sockets = world.netns.get(at.netns)?.sockets;
  const asked = sockets?.known === true ? socketsFor(sockets.value, "tcp", ip, port, at.link ?? "") : [];
  const socket = asked.find(isQueueFull);
  if (socket === undefined) return [];
  const node = nodeOf(at.netns);
  const netns = netnsNameOf(at.netns);
  const object = `socket tcp ${port}`;
  const found = `Recv-Q ${socket.recvQueue} Send-Q ${socket.sendQueue}`;
  const pod = netns.startsWith("pod:") ? netns.slice(4) : node;
  const isMet = suspect.witness === "agree" && suspect.failed > 0 && suspect.attempts === suspect.failed;
  const isSure = isMet && outcomes.every((o) => o === "timeout") && !doubts.kernelDissents;
  const isDoubtful = doubts.countersRest || (tried.tries.length > 0 && suspect.failed === 0);
  const queue = { waiting: String(socket.recvQueue), backlog: String(socket.sendQueue) };
  return [
    {
      id: "listen-backlog-full",
      node,
      netns,
      object,
      found,
      wanted: null,
      params: { node, netns, object, found, pod, port: String(port), ...queue },
      confidence: isDoubtful ? "suspected" : isSure ? "confirmed" : "likely",
      edits: [],
      proven: false,
      suspects: [suspect],
    },
  ];
}
