import { expect, test } from "vitest";
import { printNft } from "./nft-text.ts";

const flags = { payload: { protocol: "tcp", field: "flags" } };

/** As nft 1.0.6 gives them; `nft -c add rule` took every one of these texts back. */
test.each([
  [{ masquerade: { flags: "fully-random" } }, "masquerade fully-random"],
  [
    { masquerade: { port: { range: [1024, 2048] }, flags: ["random", "persistent"] } },
    "masquerade to :1024-2048 random,persistent",
  ],
  [{ redirect: { port: 8080 } }, "redirect to :8080"],
  [{ redirect: null }, "redirect"],
  [
    { dnat: { family: "ip", addr: "10.0.0.1", port: 8080, flags: "fully-random" } },
    "dnat ip to 10.0.0.1:8080 fully-random",
  ],
  [{ dnat: { addr: "10.0.0.1" } }, "dnat to 10.0.0.1"],
  [{ dnat: { family: "ip6", addr: "2001:db8::1", port: 80 } }, "dnat ip6 to [2001:db8::1]:80"],
  [
    { snat: { addr: { range: ["192.0.2.1", "192.0.2.4"] }, flags: "persistent" } },
    "snat to 192.0.2.1-192.0.2.4 persistent",
  ],
  [{ limit: { rate: 5, burst: 5, per: "second" } }, "limit rate 5/second"],
  [{ limit: { rate: 1, burst: 2, per: "minute", inv: true } }, "limit rate over 1/minute burst 2 packets"],
  [
    { limit: { rate: 10, burst: 0, per: "second", rate_unit: "mbytes", burst_unit: "bytes" } },
    "limit rate 10 mbytes/second",
  ],
  [{ "ct count": { val: 3, inv: true } }, "ct count over 3"],
  [{ "ct count": { val: 2 } }, "ct count 2"],
  [{ reject: null }, "reject"],
  [{ reject: { type: "tcp reset" } }, "reject with tcp reset"],
  [{ reject: { type: "icmpx", expr: "admin-prohibited" } }, "reject with icmpx admin-prohibited"],
  [{ log: { prefix: "a b" } }, 'log prefix "a b"'],
  [{ log: null }, "log"],
  [{ numgen: { mode: "inc", mod: 3, offset: 1 } }, "numgen inc mod 3 offset 1"],
  [{ numgen: { mode: "random", mod: 3, offset: 0 } }, "numgen random mod 3"],
  [{ quota: { val: 25, val_unit: "mbytes", inv: true } }, "quota over 25 mbytes"],
  [
    { mangle: { key: { "tcp option": { name: "maxseg", field: "size" } }, value: { rt: { key: "mtu" } } } },
    "tcp option maxseg size set rt mtu",
  ],
  [{ match: { op: "==", left: { "&": [flags, ["syn", "ack"]] }, right: "syn" } }, "tcp flags & (syn | ack) == syn"],
  [{ match: { op: "in", left: flags, right: "syn" } }, "tcp flags syn"],
  [{ match: { op: "==", left: { "&": [{ meta: { key: "mark" } }, 16384] }, right: 0 } }, "mark & 16384 == 0"],
])("%j is printed as nft writes it", (statement, text) => {
  expect(printNft(statement)).toBe(text);
});
