import { describe, expect, test } from "vitest";
import { ip } from "../../facts/ip.ts";
import type { Socket } from "../../facts/netns.ts";
import { Looks, waitsFor } from "./waiting.ts";

const because = { source: { node: "k1", netns: "k1/host", argv: ["ss"], at: "" }, line: 1 };
const tcp: Socket = {
  protocol: "tcp",
  state: "ESTAB",
  local: ip("10.42.0.3"),
  families: [4],
  localPort: 40_000,
  peer: ip("10.43.0.11"),
  peerPort: 80,
  dev: null,
  recvQueue: 0,
  sendQueue: 0,
  process: null,
  timing: null,
  because,
};
const connecting: Socket = { ...tcp, state: "SYN-SENT", localPort: 40_001 };
const listening: Socket = { ...tcp, state: "LISTEN", localPort: 8080, peer: null, peerPort: null };
const timed = (sentMs: number, receivedMs: number, segmentsSent: number | null = 1): Socket => ({
  ...tcp,
  timing: { sentMs, receivedMs, segmentsSent },
});
const nobody = () => false;

describe("what a socket waits for", () => {
  test.each([
    ["an accepted connection", connecting, "acceptance"],
    ["the acknowledgement of what it sent", { ...tcp, sendQueue: 77 }, "answer"],
    ["an answer since it asked", timed(500, 900), "answer"],
    ["an answer to what it asked at once", timed(500, 500), "answer"],
    ["nothing: it was answered", timed(500, 400), null],
    ["nothing: it never asked", timed(500, 500, 0), null],
    ["nothing that an old kernel tells of", timed(500, 900, null), null],
    ["nothing: it is idle", tcp, null],
    ["nothing: it listens", listening, null],
    ["nothing: it is UDP", { ...tcp, protocol: "udp", sendQueue: 9 } as Socket, null],
    ["nothing: it closes", { ...tcp, state: "FIN-WAIT-1", sendQueue: 9 } as Socket, null],
  ])("%s", (_, socket, want) => expect(waitsFor(socket, nobody)).toBe(want));

  test("a server's end waits for nobody", () =>
    expect(waitsFor({ ...tcp, sendQueue: 77 }, (port) => port === 40_000)).toBeNull());
});

describe("looking again and again", () => {
  const stuck: Socket = { ...tcp, sendQueue: 77 };

  test("who is not accepted hangs at once, who is not answered after three looks in a row", () => {
    const looks = new Looks();
    expect(looks.add([connecting, stuck, listening])).toEqual([connecting]);
    expect(looks.add([stuck])).toEqual([]);
    expect(looks.add([stuck, listening])).toEqual([stuck]);
  });

  test("one that was answered in between begins anew", () => {
    const looks = new Looks();
    for (const seen of [[stuck], [stuck], [tcp], [stuck], [stuck]]) expect(looks.add(seen)).toEqual([]);
    expect(looks.add([stuck])).toEqual([stuck]);
  });

  test("the next connection from another port is another one", () => {
    const looks = new Looks();
    for (let port = 1; port < 6; port++) expect(looks.add([{ ...stuck, localPort: port }])).toEqual([]);
  });

  test("on a port that it serves it is asked, and does not ask", () => {
    const looks = new Looks();
    const served: Socket = { ...stuck, localPort: 8080 };
    for (let i = 0; i < 5; i++) expect(looks.add([listening, served])).toEqual([]);
  });
});
