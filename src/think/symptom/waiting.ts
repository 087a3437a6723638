import type { Socket } from "../../facts/netns.ts";

/** What a client's socket wants of its peer: to be accepted, or an answer to what it sent. */
export type Want = "acceptance" | "answer";

/** What a TCP socket waits for, as far as one look tells; null: for nothing, or it is the server's end. */
export function waitsFor(socket: Socket, isListening: (port: number) => boolean): Want | null {
  if (socket.protocol !== "tcp" || socket.peer === null || socket.peerPort === null) return null;
  if (socket.state === "SYN-SENT") return "acceptance";
  if (socket.state !== "ESTAB" || isListening(socket.localPort)) return null;
  return (socket.sendQueue ?? 0) > 0 || hasAsked(socket) ? "answer" : null;
}

/** Sent something, and received nothing since. Both times begin with the connection, so one that never sent has them alike. */
function hasAsked({ timing }: Socket): boolean {
  return timing !== null && (timing.segmentsSent ?? 0) > 0 && timing.receivedMs >= timing.sentMs;
}

/** A SYN is answered in the time of one way there and back; an answer may take its time: it has to be missed so often in a row. */
const LOOKS_FOR_AN_ANSWER = 3;

/** Looks again and again at the sockets of one pod, and tells which of them hang. */
export class Looks {
  private readonly missed = new Map<string, number>();

  /** @returns those of this look that hang */
  add(sockets: readonly Socket[]): readonly Socket[] {
    const ports = new Set(sockets.flatMap((s) => (s.state === "LISTEN" ? [s.localPort] : [])));
    const before = new Map(this.missed);
    this.missed.clear();
    return sockets.filter((socket) => {
      const want = waitsFor(socket, (port) => ports.has(port));
      if (want === null) return false;
      const key = `${socket.localPort} ${socket.peer?.text} ${socket.peerPort}`;
      const looks = (before.get(key) ?? 0) + 1;
      this.missed.set(key, looks);
      return want === "acceptance" || looks >= LOOKS_FOR_AN_ANSWER;
    });
  }
}
