import { sameIp } from "../../../facts/ip.ts";
import { phrase } from "../../../facts/phrase.ts";
import type { Maybe } from "../../../facts/maybe.ts";
import type { HookContext } from "./contract.ts";
import type { PacketView } from "./packet-view.ts";

/**
 * xt_socket.c, nft_socket.c: is there a socket of this netns for the packet's own tuple? A listener on the wildcard
 * address does not count without `--nowildcard`. Whether one that is there is transparent, or has a mark, is not known.
 */
export function matchLocalSocket(text: string, view: PacketView, context: HookContext): Maybe {
  const protocol = view.transport?.kind;
  if (protocol !== "tcp" && protocol !== "udp") return false;
  const { sockets } = context.netns;
  const port = view.dport ?? 0;
  context.ask({ of: "socket", netns: context.netns.id, protocol, port });
  if (!sockets.known) return { unknown: phrase("sockets-unknown", { why: sockets.why }) };
  const takesWildcards = text.includes("nowildcard");
  const one = sockets.value.find(
    (socket) =>
      socket.protocol === protocol &&
      socket.localPort === port &&
      socket.families.includes(view.ip.src.family) &&
      (socket.local === null ? takesWildcards : sameIp(socket.local, view.ip.dst)),
  );
  return one === undefined ? false : { unknown: phrase("socket-options-unknown", { port }) };
}

/** xt_owner.c: a forwarded packet has no socket, so that only a wholly negated question holds. */
export function matchOwner(negate: boolean, context: HookContext): Maybe {
  const local = context.hook === "OUTPUT" || (context.hook === "POSTROUTING" && context.iif === null);
  return local ? { unknown: phrase("socket-owner-unknown") } : negate;
}
