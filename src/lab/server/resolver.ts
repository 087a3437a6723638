import { createSocket } from "node:dgram";
import { log } from "./http-listen.ts";
import type { ResolverConfig } from "./server-config.ts";

const EVERY_MS = 300;
const PATIENCE_MS = 800;

/**
 * A client that asks a DNS server again and again from one socket, and so from one port, as resolvers, syslog and SIP clients
 * do. Ready with its first answer; then a line of its log for every question, `answered` or `timeout`.
 */
export function serveResolver({ address, sport, server, name }: ResolverConfig): Promise<object> {
  return new Promise((resolve, reject) => {
    const waiting = new Map<number, NodeJS.Timeout>();
    const socket = createSocket("udp4");
    let id = 0;
    const ask = (): void => {
      id = (id + 1) & 0xffff;
      const asked = id;
      socket.send(query(asked, name), server.port, server.address, () => {});
      const late = () => {
        waiting.delete(asked);
        log("INFO", "timeout");
      };
      waiting.set(asked, setTimeout(late, PATIENCE_MS));
    };
    socket.on("message", (answer) => {
      const answered = answer.length < 2 ? -1 : answer.readUInt16BE(0);
      clearTimeout(waiting.get(answered));
      if (waiting.delete(answered)) log("INFO", "answered");
      resolve({ ready: true });
    });
    socket.once("error", reject).bind(sport, address, () => {
      ask();
      setInterval(ask, EVERY_MS);
    });
  });
}

/** RFC 1035: one question, A IN, recursion desired. */
function query(id: number, name: string): Buffer {
  const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, "latin1")]);
  return Buffer.concat([
    Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, 1, 0, 1]),
  ]);
}
