import { describe, expect, test } from "vitest";
import type { Source } from "../../facts/provenance.ts";
import { parseIpVs } from "./ip-vs.ts";

const source: Source = { node: "n", netns: "n/host", argv: ["cat", "/proc/net/ip_vs"], at: "" };

/** As ip_vs_info_seq_show formats it. */
const TEXT = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600001:01BB rr 
  -> C0A8068D:192B      Masq    1      0          0         
TCP  0A600050:0050 rr persistent 10800 FFFFFFFF
  -> 0AF40102:1F90      Masq    1      0          0         
  -> 0AF40203:1F90      Masq    1      0          0         
UDP  0A60000A:0035 wlc 
TCP  [fd00:0010:0096:0000:0000:0000:0000:0001]:01BB rr 
FWM  00004000 rr 
`;

describe("/proc/net/ip_vs", () => {
  test("virtual servers, with how many stand behind each", () => {
    const { value, problems } = parseIpVs(TEXT, source);
    expect(problems).toEqual([]);
    expect(value.map((v) => [v.protocol, v.ip?.text ?? null, v.port, v.fwmark, v.scheduler, v.realServers])).toEqual([
      ["tcp", "10.96.0.1", 443, null, "rr", 1],
      ["tcp", "10.96.0.80", 80, null, "rr", 2],
      ["udp", "10.96.0.10", 53, null, "wlc", 0],
      ["tcp", "fd00:10:96::1", 443, null, "rr", 0],
      [null, null, 0, 0x4000, "rr", 0],
    ]);
    expect(value[1]?.because.line).toBe(6);
  });

  test("what is none is said", () => {
    const { value, problems } = parseIpVs(
      "TCP  nonsense rr\n  -> 0A000001:0050 Masq 1 0 0\nconstructor 0A000001:0050 rr\n",
      source,
    );
    expect(value).toEqual([]);
    expect(problems.length).toBe(3);
  });
});
