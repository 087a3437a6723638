import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readCapture } from "./capture.ts";
import { stripPayloads } from "./strip-payload.ts";

const root = mkdtempSync(join(tmpdir(), "lasthop-strip-"));
const PLACE = { netns: "k1/host", linkNames: new Map(), only: null };
const RAW = 101;

afterAll(() => rmSync(root, { recursive: true }));

function pcapOf(...frames: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(256, 16);
  header.writeUInt32LE(RAW, 20);
  const records = frames.flatMap((frame, n) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_700_000_000 + n, 0);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([header, ...records]);
}

function ipv4(protocol: number, payload: Buffer): Buffer {
  const header = Buffer.from("450000000001400040000000" + "0a2a0002" + "0a2a0102", "hex");
  header.writeUInt16BE(20 + payload.length, 2);
  header[9] = protocol;
  return Buffer.concat([header, payload]);
}

function tcp(data: string): Buffer {
  const header = Buffer.from("9c401f900000000100000002501801f600000000", "hex");
  return Buffer.concat([header, Buffer.from(data)]);
}

function udp(dport: number, data: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(40_000, 0);
  header.writeUInt16BE(dport, 2);
  header.writeUInt16BE(8 + data.length, 4);
  return Buffer.concat([header, Buffer.from(data)]);
}

async function strip(...frames: readonly Buffer[]): Promise<{ before: Buffer; after: Buffer }> {
  const [from, to] = [join(root, "from.pcap"), join(root, "to.pcap")];
  rmSync(to, { force: true });
  const before = pcapOf(...frames);
  writeFileSync(from, before);
  await stripPayloads(from, to);
  return { before, after: readFileSync(to) };
}

const SECRET = "GET / HTTP/1.1\r\nAuthorization: Bearer hunter2\r\nCookie: session=hunter2\r\n\r\n";

it("takes out what applications said, bare, in a tunnel, in a quotation and in a fragment", async () => {
  const inner = ipv4(6, tcp(SECRET));
  const fragment = ipv4(6, Buffer.from(SECRET));
  fragment.writeUInt16BE(0x0010, 6);
  const quoting = ipv4(1, Buffer.concat([Buffer.from("0301000000000000", "hex"), inner]));
  const { after } = await strip(
    ipv4(6, tcp(SECRET)),
    ipv4(4, inner),
    ipv4(17, udp(8125, "user:hunter2|c")),
    ipv4(132, Buffer.from(SECRET)),
    fragment,
    quoting,
  );
  expect(after.toString("latin1")).not.toContain("hunter2");
});

it("leaves all that is decoded as it is, and questions of DNS", async () => {
  const question = "\u0012\u0034\u0001\u0000\u0000\u0001\u0000\u0000\u0000\u0000\u0000\u0000\u0003web\u0000";
  const { before, after } = await strip(
    ipv4(6, tcp(SECRET)),
    ipv4(4, ipv4(6, tcp(SECRET))),
    ipv4(17, udp(53, question)),
  );
  const [was, is] = [readCapture(before, PLACE), readCapture(after, PLACE)];
  expect(is).toEqual(was);
  expect(is.frames).toHaveLength(3);
  expect(after.length).toBeLessThan(before.length - 2 * SECRET.length + 1);
});

it("leaves the status of an HTTP response, and nothing behind it", async () => {
  const page = "HTTP/1.1 502 Bad Gateway\r\nSet-Cookie: session=hunter2\r\n\r\n";
  const { before, after } = await strip(ipv4(6, tcp(page)), ipv4(6, tcp("HTTP/1.1 hunter2")));
  const statuses = [before, after].map((capture) =>
    readCapture(capture, PLACE).frames.flatMap(({ headers }) =>
      headers.flatMap((h) => (h.kind === "tcp" ? [h.httpStatus] : [])),
    ),
  );
  expect(statuses).toEqual([
    [502, undefined],
    [502, undefined],
  ]);
  expect(after.toString("latin1")).not.toMatch(/Bad|hunter/);
});
