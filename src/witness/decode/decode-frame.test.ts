import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SeenHeader } from "../sighting.ts";
import { readCapture } from "./capture.ts";
import { decodeFrame } from "./decode-frame.ts";
import { LINK_TYPES } from "./link-layer.ts";
import { PcapReader } from "./pcap.ts";
import { withVxlanPorts } from "./tunnels.ts";

const FIXTURES = [
  "ipip-healthy/capture/node1",
  "ipip-healthy/capture/node2",
  "ipip-resumed/capture/node1",
  "ipip-resumed/capture/node2",
  "vxlan-healthy/capture/k1",
  "vxlan-healthy/capture/k2",
  "vxlan-ip-forward-off/capture/k1",
  "vxlan-ip-forward-off/capture/k2",
].map((name) => `fixtures/${name}.pcap`);

function hasTcpdump(): boolean {
  try {
    execFileSync("tcpdump", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What stock tcpdump prints for these headers, piece by piece and in this order. */
function piecesOf(headers: readonly SeenHeader[]): string[] {
  const pieces: string[] = [];
  let ip: Extract<SeenHeader, { kind: "ip" }> | null = null;
  for (const header of headers) {
    if (header.kind === "ip") {
      ip = header;
      if (header.protocol === 4) pieces.push(`${header.src.text} > ${header.dst.text}: `);
    } else if (header.kind === "tcp") {
      const flags = `${header.syn ? "S" : ""}${header.fin ? "F" : ""}${header.rst ? "R" : ""}`;
      pieces.push(`${ip?.src.text}.${header.sport} > ${ip?.dst.text}.${header.dport}: Flags [${flags}`);
      if (header.syn || header.payload > 0) pieces.push(`seq ${header.seq}`);
      if (header.ackFlag) pieces.push(`ack ${header.ack}`);
      pieces.push(`length ${header.payload}`);
    } else if (header.kind === "udp") {
      pieces.push(`${ip?.src.text}.${header.sport} > ${ip?.dst.text}.${header.dport}: `);
    } else if (header.kind === "vxlan") {
      pieces.push(`instance ${header.vni}`);
    } else if (header.kind === "ethernet") {
      pieces.push(`${header.src} > ${header.dst}`);
    } else if (header.kind === "icmp" && (header.type === 8 || header.type === 0)) {
      const what = header.type === 8 ? "request" : "reply";
      pieces.push(`${ip?.src.text} > ${ip?.dst.text}: ICMP echo ${what}, id ${header.id}, seq ${header.seq}`);
    } else if (header.kind === "opaque" && header.protocol === "arp") {
      pieces.push("ARP");
    }
  }
  return pieces;
}

describe.skipIf(!hasTcpdump())("beside stock tcpdump (skipped without it)", () => {
  it.each(FIXTURES)("%s", (file) => {
    const text = execFileSync("tcpdump", ["-Z", "root", "-nn", "-e", "-S", "-tt", "-r", file], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const records = text.trimEnd().split(/\n(?=\d{9,}\.\d{6} )/);
    const { frames, failure } = readCapture(readFileSync(file), { netns: "n/host", linkNames: new Map(), only: null });
    expect(failure).toBeNull();
    expect(frames.length).toBe(records.length);
    let compared = 0;
    frames.forEach((frame, i) => {
      const record = records[i] as string;
      const [, direction, index] = /^\S+ +\S+ +(\S+) +ifindex (\d+)/.exec(record) ?? [];
      expect(frame.link).toBe(`if${index}`);
      expect(frame.direction).toBe(direction === "Out" ? "out" : "in");
      expect(frame.forOthers === true).toBe(direction === "P");
      expect(record.startsWith(`${frame.atNs / 1_000_000_000n}.`)).toBe(true);
      let from = 0;
      for (const piece of piecesOf(frame.headers)) {
        const at = record.indexOf(piece, from);
        expect(at, `"${piece}" in ${record}`).toBeGreaterThanOrEqual(from);
        from = at + 1;
        compared++;
      }
    });
    expect(compared).toBeGreaterThan(frames.length);
  });
});

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
/** A frame that is all that there is, and one among other frames' bytes. */
const whole = (bytes: Uint8Array) => ({ bytes, from: 0, to: bytes.length, wireLength: bytes.length });
const embedded = (bytes: Uint8Array) => {
  const around = new Uint8Array(bytes.length + 64).fill(0x45);
  around.set(bytes, 32);
  return { bytes: around, from: 32, to: 32 + bytes.length, wireLength: bytes.length };
};
const kinds = (headers: readonly SeenHeader[]) => headers.map((h) => h.kind).join(" ");
const IP = (protocol: string, length: string) => `4500 ${length} 0001 4000 40 ${protocol} 0000 0a000001 0a000002`;
const TCP = "1f90 0050 01020304 00000000 50 02 ffff 0000 0000";
const ETHER = "020000000002 020000000001";

describe("decodeFrame", () => {
  const raw = (text: string, ports = withVxlanPorts([])) => decodeFrame(whole(hex(text)), LINK_TYPES.RAW, ports);

  it("follows QinQ, GRE, Geneve, 6in4 and VXLAN on a port of its own", () => {
    expect(
      kinds(decodeFrame(whole(hex(`${ETHER} 88a8 0064 8100 0065 0800 ${IP("06", "0028")} ${TCP}`)), 1).headers),
    ).toBe("ethernet vlan vlan ip tcp");
    const gre = raw(`${IP("2f", "0044")} 2000 0800 00000007 ${IP("06", "0028")} ${TCP}`).headers;
    expect(kinds(gre)).toBe("ip gre ip tcp");
    expect(gre[1]).toEqual({ kind: "gre", protocol: 0x800, key: 7 });
    const geneve = `${IP("11", "0066")} 1234 17c1 0052 0000 0100 6558 00000500 00000000 ${ETHER} 0800 ${IP("06", "0028")} ${TCP}`;
    expect(kinds(raw(geneve).headers)).toBe("ip udp geneve ethernet ip tcp");
    const six = `6000 0000 0008 11 40 ${"20010db8000000000000000000000001"} ${"20010db8000000000000000000000002"} 0035 0036 0008 0000`;
    const sixInFour = raw(`${IP("29", "0044")} ${six}`).headers;
    expect(kinds(sixInFour)).toBe("ip ip udp");
    expect(sixInFour[1]).toMatchObject({ src: { text: "2001:db8::1" }, ttl: 64, length: 48 });
    const vxlan = `${IP("11", "005a")} 1234 7777 0046 0000 08000000 00002a00 ${ETHER} 0800 ${IP("06", "0028")} ${TCP}`;
    expect(kinds(raw(vxlan).headers)).toBe("ip udp");
    const known = raw(vxlan, withVxlanPorts([0x7777])).headers;
    expect(kinds(known)).toBe("ip udp vxlan ethernet ip tcp");
    expect(known[2]).toEqual({ kind: "vxlan", vni: 42 });
    expect(known[5]).toMatchObject({ seq: 0x01020304, syn: true, ackFlag: false, sport: 8080, dport: 80 });
  });

  it("takes for VXLAN only what has its reserved fields empty, but for a group policy", () => {
    const inside = `${ETHER} 0800 ${IP("06", "0028")} ${TCP}`;
    const isVxlan = (header: string) => {
      const { headers } = raw(`${IP("11", "005a")} 1234 12b5 0046 0000 ${header} ${inside}`);
      return kinds(headers) === "ip udp vxlan ethernet ip tcp";
    };
    const real = ["08000000 00002a00", "88000123 00002a00", "88480123 00002a00"];
    expect(real.map(isVxlan)).toEqual(real.map(() => true));
    // A datagram that says "lasthop-", GPE with IP inside, and others.
    const others = [
      "6c617374 686f702d",
      "0c000001 00002a00",
      "08000001 00002a00",
      "08000000 00002a01",
      "88010000 00002a00",
    ];
    expect(others.map(isVxlan)).toEqual(others.map(() => false));
  });

  it("leaves out what is no port, as a node may claim", () => {
    expect([...withVxlanPorts([0, 4790, 65_536, 4_294_967_295]).vxlan]).toEqual([4789, 8472, 4790]);
  });

  it("reads on where a cooked capture names a tag's protocol and has none", () => {
    const packet = `${IP("06", "0028")} ${TCP}`;
    const six = `6000 0000 0014 06 40 ${"20010db8000000000000000000000001"} ${"20010db8000000000000000000000002"} ${TCP}`;
    const cooked = (after: string) => {
      const sll2 = `8100 0000 00000002 0001 04 06 0200000000010000`;
      const sll = `0004 0001 0006 0200000000010000 8100`;
      const read = (header: string, linkType: number) =>
        kinds(decodeFrame(whole(hex(`${header} ${after}`)), linkType).headers);
      return [read(sll2, LINK_TYPES.LINUX_SLL2), read(sll, LINK_TYPES.LINUX_SLL)];
    };
    expect(cooked(packet)).toEqual(["ip tcp", "ip tcp"]);
    expect(cooked(six)).toEqual(["ip tcp", "ip tcp"]);
    // Tags of priorities 2 and 3.
    expect(cooked(`4564 0800 ${packet}`)).toEqual(["vlan ip tcp", "vlan ip tcp"]);
    expect(cooked(`6064 86dd ${six}`)).toEqual(["vlan ip tcp", "vlan ip tcp"]);
  });

  it("reads what an ICMP error quotes, down to eight bytes of TCP", () => {
    const { headers } = raw(`${IP("01", "0038")} 0301 0000 0000 0000 ${IP("06", "0028")} 1f90 0050 01020304`);
    expect(kinds(headers)).toBe("ip icmp quoted");
    const quoted = headers[2];
    expect(quoted?.kind === "quoted" && quoted.headers[1]).toMatchObject({ kind: "tcp", sport: 8080, seq: 0x01020304 });
  });

  it("says what it cannot look into", () => {
    expect(raw(`${IP("32", "0020")} 00000001 00000001 00000000`).headers[1]).toMatchObject({ protocol: "esp" });
    const wireguard = raw(`${IP("11", "0030")} ca6c ca6c 001c 0000 04000000 00000001 0000000000000000 00000000`);
    expect(wireguard.headers.at(-1)).toMatchObject({ kind: "opaque", protocol: "wireguard" });
    expect(raw(`4500 0028 0001 2001 40 06 0000 0a000001 0a000002 ${TCP}`).headers[1]).toMatchObject({
      protocol: "fragment",
    });
    expect(raw(`${IP("06", "0028")} 1f90 0050 01020304`).headers[1]).toMatchObject({ protocol: "truncated" });
    expect(decodeFrame(whole(hex(`${ETHER} 0806 0001`)), 1).headers[1]).toMatchObject({ protocol: "arp" });
  });

  it("takes a short frame's padding for no payload", () => {
    const { headers } = decodeFrame(whole(hex(`${ETHER} 0800 ${IP("06", "0028")} ${TCP} 000000000000`)), 1);
    expect(headers[2]).toMatchObject({ kind: "tcp", payload: 0 });
  });

  it("counts the payload that the snapshot cut off", () => {
    expect(raw(`${IP("06", "05dc")} ${TCP}`).headers[1]).toMatchObject({ kind: "tcp", payload: 1460 });
  });

  it("never throws and always ends, on garbage and on mutated frames", () => {
    const real = FIXTURES.flatMap((file) => {
      const frames: Uint8Array[] = [];
      const reader = new PcapReader();
      reader.push(readFileSync(file), (record) => frames.push(record.bytes.slice(record.from, record.to)));
      return frames.slice(0, 40);
    });
    const linkType = fc.constantFrom(0, 1, 12, 101, 113, 228, 229, 276, 999);
    const mutated = fc
      .tuple(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 12 }), fc.nat(400))
      .map(([frame, changes, cut]) => {
        const copy = frame.slice(0, Math.max(0, frame.length - (cut % 60)));
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), linkType, (bytes, type) => {
        const { headers } = decodeFrame(embedded(bytes), type);
        expect(headers.length).toBeLessThanOrEqual(25);
      }),
      { numRuns: 4000 },
    );
  });
});
