import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { log } from "./http-listen.ts";
import type { DnsConfig } from "./server-config.ts";

const TTL_SECONDS = 30;
const TYPE_A = 1;
const CLASS_IN = 1;

/** A small authoritative server for the Services' names (RFC 1035), over UDP and TCP. */
export async function serveDns(config: DnsConfig): Promise<object> {
  const answer = (query: Buffer): Buffer | null => answerQuery(query, config.records);
  const udp = createSocket("udp4");
  udp.on("message", (query, from) => {
    const reply = answer(query);
    if (reply) udp.send(reply, from.port, from.address);
  });
  const tcp = createServer((socket) => {
    let pending = Buffer.alloc(0);
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const length = pending.readUInt16BE(0);
        const reply = answer(pending.subarray(2, 2 + length));
        pending = pending.subarray(2 + length);
        if (!reply) return void socket.destroy();
        const size = Buffer.alloc(2);
        size.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([size, reply]));
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    udp.once("error", reject).bind(53, "0.0.0.0", resolve);
  });
  await new Promise<void>((resolve, reject) => {
    tcp.once("error", reject).listen(53, "0.0.0.0", resolve);
  });
  log("INFO", `serving DNS on ${config.address}:53`);
  return { ready: true };
}

function answerQuery(query: Buffer, records: Record<string, string>): Buffer | null {
  const question = readQuestion(query);
  if (!question) return null;
  const address = records[question.name.toLowerCase()];
  const found = address !== undefined && question.type === TYPE_A && question.class === CLASS_IN;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  const recursionDesired = query.readUInt16BE(2) & 0x0100;
  // QR and AA; RCODE 3 is NXDOMAIN. A name that exists without a record of that type is an empty NOERROR.
  header.writeUInt16BE(0x8400 | recursionDesired | (address === undefined ? 3 : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found ? 1 : 0, 6);
  const parts = [header, query.subarray(12, question.end)];
  if (found) {
    const record = Buffer.alloc(16);
    record.writeUInt16BE(0xc00c, 0); // a pointer to the name in the question, RFC 1035 4.1.4
    record.writeUInt16BE(TYPE_A, 2);
    record.writeUInt16BE(CLASS_IN, 4);
    record.writeUInt32BE(TTL_SECONDS, 6);
    record.writeUInt16BE(4, 10);
    address.split(".").forEach((part, index) => {
      record[12 + index] = Number(part);
    });
    parts.push(record);
  }
  return Buffer.concat(parts);
}

function readQuestion(query: Buffer): { name: string; type: number; class: number; end: number } | null {
  if (query.length < 17 || (query.readUInt16BE(2) & 0x8000) !== 0 || query.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > 63 || at + length + 1 > query.length) return null;
    at += 1;
    if (length === 0) break;
    labels.push(query.toString("latin1", at, at + length));
    at += length;
  }
  if (at + 4 > query.length) return null;
  return { name: labels.join("."), type: query.readUInt16BE(at), class: query.readUInt16BE(at + 2), end: at + 4 };
}
