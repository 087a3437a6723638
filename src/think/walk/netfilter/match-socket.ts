import { sameIp } from "../../../facts/ip.ts";
import type { Answer } from "./answer.ts";
import type { HookContext } from "./contract.ts";
import type { PacketView } from "./packet-view.ts";

/**
 * xt_socket.c, nft_socket.c: is there a socket of this netns for the packet's own tuple? A listener on the wildcard
 * address does not count without `--nowildcard`. Whether one that is there is transparent, or has a mark, is not known.
 */
export function matchLocalSocket(text: string, view: PacketView, context: HookContext): Answer {
  const protocol = view.transport?.kind;
  if (protocol !== "tcp" && protocol !== "udp") return false;
  const { sockets } = context.netns;
  const port = view.dport ?? 0;
  context.ask({ of: "socket", netns: context.netns.id, protocol, port });
  if (!sockets.known) return { unknown: `sockets are not known: ${sockets.why}` };
  const takesWildcards = text.includes("nowildcard");
  const one = sockets.value.find(
    (socket) =>
      socket.protocol === protocol &&
      socket.localPort === port &&
      socket.families.includes(view.ip.src.family) &&
      (socket.local === null ? takesWildcards : sameIp(socket.local, view.ip.dst)),
  );
  return one === undefined ? false : { unknown: `socket options of a local socket on port ${port} are not known` };
}

/** xt_owner.c: a forwarded packet has no socket, so that only a wholly negated question holds. */
export function matchOwner(negate: boolean, context: HookContext): Answer {
  const local = context.hook === "OUTPUT" || (context.hook === "POSTROUTING" && context.iif === null);
  return local ? { unknown: "the owner of the sending socket is not known" } : negate;
}
