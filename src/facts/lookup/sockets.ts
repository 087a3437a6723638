import { bracketed, type Ip, sameIp } from "../ip.ts";
import type { Socket, Table } from "../netns.ts";
import { groupBy, indexedBy } from "./table-index.ts";

const byPort = indexedBy((table: Table<Socket>) => groupBy(table, (s) => `${s.protocol} ${s.localPort}`));

/** The sockets that may take a first packet to this address and port: several where they share it (SO_REUSEPORT). */
export function socketsFor(
  table: Table<Socket>,
  protocol: "tcp" | "udp",
  address: Ip,
  port: number,
  iif: string,
): readonly Socket[] {
  const takes = (byPort(table).get(`${protocol} ${port}`) ?? []).filter(
    (s) =>
      isWaiting(s) &&
      s.families.includes(address.family) &&
      (s.local === null || sameIp(s.local, address)) &&
      (s.dev === null || s.dev === iif),
  );
  const bound = takes.filter((s) => s.local !== null);
  return bound.length > 0 ? bound : takes;
}

/** Those that wait at this port, whatever address they are bound to: `LISTEN 127.0.0.1:8080`. */
export function waitingAt(table: Table<Socket>, protocol: "tcp" | "udp", port: number): readonly string[] {
  const waiting = (byPort(table).get(`${protocol} ${port}`) ?? []).filter((s) => isWaiting(s));
  return [...new Set(waiting.map((s) => `${s.state} ${localText(s)}`))].sort();
}

/** As `ss` prints it. */
function localText({ local, families, localPort, dev }: Socket): string {
  const any = families.includes(4) ? (families.includes(6) ? "*" : "0.0.0.0") : "[::]";
  return `${local === null ? any : bracketed(local)}${dev === null ? "" : `%${dev}`}:${localPort}`;
}

function isWaiting({ protocol, state }: Socket): boolean {
  return state === (protocol === "tcp" ? "LISTEN" : "UNCONN");
}

/** The socket that takes a first packet to this address and port (__inet_lookup_listener, udp4_lib_lookup2). */
export function socketFor(...asked: Parameters<typeof socketsFor>): Socket | null {
  return socketsFor(...asked)[0] ?? null;
}

/** sk_acceptq_is_full: of a listening socket `ss` shows how many wait to be accepted, and how many may, where the kernel told it. */
export function isQueueFull(socket: Socket): boolean {
  const { state, recvQueue, sendQueue } = socket;
  return state === "LISTEN" && sendQueue !== null && recvQueue > sendQueue;
}
