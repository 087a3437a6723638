import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { decodeFrame } from "./decode-frame.ts";
import { PcapReader } from "./pcap.ts";
import { DEFAULT_TUNNEL_PORTS, type TunnelPorts } from "./tunnels.ts";

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const BATCH_BYTES = 1 << 20;

/**
 * Copies a capture without what applications said: each frame ends where its innermost header does. Lengths on the wire stay, so
 * that all that is decoded stays as it is. Questions of DNS and echoes keep their payload: they are told apart by it. Of an HTTP
 * response its status stays.
 */
export async function stripPayloads(
  from: string,
  to: string,
  ports: TunnelPorts = DEFAULT_TUNNEL_PORTS,
): Promise<void> {
  const reader = new PcapReader();
  const file = openSync(to, "wx", 0o600);
  let batch: Uint8Array[] = [];
  let bytes = 0;
  let isBegun = false;
  const put = (chunk: Uint8Array): void => {
    batch.push(chunk);
    bytes += chunk.length;
  };
  const flush = (): void => {
    if (bytes > 0) writeSync(file, Buffer.concat(batch));
    batch = [];
    bytes = 0;
  };
  const begin = (): void => {
    const header = Buffer.alloc(FILE_HEADER_BYTES);
    header.writeUInt32LE(0xa1b23c4d, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(reader.snapLength ?? 0, 16);
    header.writeUInt32LE(reader.linkType ?? 0, 20);
    put(header);
    isBegun = true;
  };
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: BATCH_BYTES })) {
      reader.push(chunk as Uint8Array, (record) => {
        if (!isBegun) begin();
        const { bytes: held, from: start, wireLength, atNs } = record;
        const { headerBytes } = decodeFrame(record, reader.linkType ?? -1, ports);
        const header = Buffer.alloc(RECORD_HEADER_BYTES);
        header.writeUInt32LE(Number(atNs / 1_000_000_000n), 0);
        header.writeUInt32LE(Number(atNs % 1_000_000_000n), 4);
        header.writeUInt32LE(headerBytes, 8);
        header.writeUInt32LE(Math.max(wireLength, headerBytes), 12);
        put(header);
        put(Buffer.from(held.subarray(start, start + headerBytes)));
      });
      if (bytes > BATCH_BYTES) flush();
    }
    if (!isBegun && reader.linkType !== null) begin();
    flush();
  } finally {
    closeSync(file);
  }
}
