import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { known, type Source } from "../../../facts/provenance.ts";
import type { Hook } from "../../../facts/ruleset.ts";
import { parseIpsetSave } from "../../../read/parse/ipset-save.ts";
import { parseIptablesSave } from "../../../read/parse/iptables-save.ts";
import { outerIp, type Packet } from "../packet.ts";
import type { HookContext, HookOutcome } from "./contract.ts";
import { contextFor, netnsWith, packetOf } from "./test-ground.ts";
import { traverseHook } from "./traverse-hook.ts";

const ROOT = new URL("../../../../fixtures/", import.meta.url);

/** A recorded node's rules and sets, and its own addresses. */
function node(folder: string, own: readonly string[]) {
  const source: Source = { node: "n", netns: "n/host", argv: [], at: "" };
  const read = (file: string) => readFileSync(new URL(`${folder}/${file}`, ROOT), "utf8");
  const rules = parseIptablesSave(read("iptables-save.txt"), source, "iptables-nft", "ip");
  expect(rules.problems).toEqual([]);
  const netns = netnsWith([{ backend: "iptables-nft", tables: rules.value }], {
    sets: known(parseIpsetSave(read("ipset-save.txt"), source).value),
  });
  const addressType: HookContext["addressType"] = (ip) => (own.includes(ip.text) ? "LOCAL" : "UNICAST");
  return (hook: Hook, packet: Packet, parts: Partial<HookContext> = {}): readonly HookOutcome[] =>
    traverseHook(contextFor(netns, hook, packet, { addressType, ...parts }));
}

const acted = (outcome: HookOutcome | undefined) => outcome?.acted.map((p) => `${p.chain}#${p.number}`);
const only = (outcomes: readonly HookOutcome[]): HookOutcome => {
  expect(outcomes).toHaveLength(1);
  return outcomes[0] as HookOutcome;
};

describe("flannel and kube-proxy (vxlan-healthy)", () => {
  const k1 = node("vxlan-healthy/k1", ["192.168.6.141", "10.42.2.1"]);

  it("a NodePort becomes one of three endpoints, is forwarded for its mark, and masqueraded", () => {
    const packet = packetOf("tcp", "192.168.6.1", "192.168.6.141", { dport: 30007 });
    const ways = k1("PREROUTING", packet);
    expect(ways.map((w) => outerIp(w.packet).dst.text)).toEqual(["10.42.0.3", "10.42.1.2", "10.42.2.2"]);
    for (const way of ways) {
      expect(way.weight).toBeCloseTo(1 / 3, 12);
      expect(way.packet.mark).toBe(0x4000);
    }
    const [first] = ways as [HookOutcome, ...HookOutcome[]];
    const forwarded = only(
      k1("FORWARD", first.packet, { connection: first.connection, iif: "eth0", oif: "flannel.1" }),
    );
    expect(forwarded.verdict.do).toBe("accept");
    expect(acted(forwarded)).toEqual(["FORWARD#2", "KUBE-FORWARD#2"]);
    const left = only(
      k1("POSTROUTING", forwarded.packet, { connection: forwarded.connection, iif: "eth0", oif: "flannel.1" }),
    );
    expect(outerIp(left.packet).src.text).toBe("192.0.2.1");
    expect(acted(left)?.at(-1)).toBe("KUBE-POSTROUTING#3");
    expect(left.packet.mark).toBe(0);
  });

  it("pod to pod is neither translated nor masqueraded", () => {
    const packet = packetOf("tcp", "10.42.2.2", "10.42.0.3", { dport: 8080 });
    const start = only(k1("PREROUTING", packet));
    const end = only(k1("POSTROUTING", start.packet, { connection: start.connection, iif: "cni0", oif: "flannel.1" }));
    expect(end.packet.headers).toEqual(packet.headers);
  });
});

describe("a FORWARD policy of DROP (vxlan-forward-policy-drop)", () => {
  const k2 = node("vxlan-forward-policy-drop/k2", ["192.168.6.142", "10.42.0.1"]);

  it("is met by strangers alone: the CNI's own rules come first", () => {
    const links = { iif: "flannel.1", oif: "cni0" };
    const toPod = only(k2("FORWARD", packetOf("tcp", "10.42.2.0", "10.42.0.3", { dport: 8080 }), links));
    expect(toPod.verdict.do).toBe("accept");
    const stranger = only(k2("FORWARD", packetOf("tcp", "172.31.0.9", "172.31.1.9"), { iif: "eth0", oif: "eth1" }));
    expect(stranger.verdict).toMatchObject({
      do: "drop",
      by: { chain: "FORWARD", number: 0, text: "-P FORWARD DROP" },
    });
  });
});

describe("VXLAN dropped on its way in (vxlan-udp-blocked)", () => {
  const k3 = node("vxlan-udp-blocked/k3", ["192.168.6.143"]);

  it("names the rule", () => {
    const outer = packetOf("udp", "192.168.6.141", "192.168.6.143", { dport: 8472 });
    const start = only(k3("PREROUTING", outer));
    const end = only(k3("INPUT", start.packet, { connection: start.connection }));
    expect(end.verdict).toMatchObject({ do: "drop", by: { chain: "INPUT", text: expect.stringContaining("8472") } });
    const api = only(k3("INPUT", packetOf("tcp", "192.168.6.141", "192.168.6.143", { dport: 10250 })));
    expect(api.verdict.do).toBe("accept");
  });
});

describe("Calico over IPIP (ipip-healthy)", () => {
  const node2 = node("ipip-healthy/node2", ["192.168.6.142", "10.244.104.0"]);
  const tunnelled = (src: string): Packet => {
    const inner = packetOf("tcp", "10.244.166.128", "10.244.104.23", { dport: 8080 });
    const outer = { kind: "ip", src: outerIp(packetOf("tcp", src, src)).src } as const;
    const dst = outerIp(packetOf("tcp", src, "192.168.6.142")).dst;
    return { ...inner, headers: [{ ...outer, dst, ttl: 64, protocol: 4, df: true }, ...inner.headers] };
  };

  it("takes tunnel packets from the hosts in its set, and from nobody else", () => {
    const friend = only(node2("INPUT", tunnelled("192.168.6.141"), { iif: "eth0" }));
    expect(friend.verdict.do).toBe("accept");
    expect(acted(friend)?.at(-1)).toMatch(/^cali-INPUT#1$/);
    const stranger = only(node2("INPUT", tunnelled("192.168.6.199"), { iif: "eth0" }));
    expect(stranger.verdict).toMatchObject({ do: "drop", by: { chain: "cali-INPUT", number: 2 } });
  });

  it("lets a packet in to its pod by the profile's mark, over gotos", () => {
    const start = only(
      node2("PREROUTING", packetOf("tcp", "10.244.166.128", "10.244.104.23", { dport: 8080 }), { iif: "tunl0" }),
    );
    const rules = readFileSync(new URL("ipip-healthy/node2/iptables-save.txt", ROOT), "utf8");
    const pod = /-A cali-to-wl-dispatch -o (cali\S+)/.exec(rules)?.[1] ?? "";
    const links = { iif: "tunl0", connection: start.connection };
    const end = only(node2("FORWARD", start.packet, { ...links, oif: pod }));
    expect(end.verdict.do).toBe("accept");
    expect(end.packet.mark & 0x10000).toBe(0x10000);
    const unknownPod = only(node2("FORWARD", start.packet, { ...links, oif: "cali00000000000" }));
    expect(unknownPod.verdict).toMatchObject({ do: "drop", by: { chain: "cali-to-wl-dispatch" } });
  });

  it("drops what a pod sends from an address that is not its own", () => {
    const packet = packetOf("tcp", "10.244.104.99", "10.244.166.129");
    const links = { iif: "cali1f3a9b0c2d4", oif: null };
    expect(only(node2("PREROUTING", packet, links)).verdict.do).toBe("accept");
    const spoofed = only(node2("PREROUTING", packet, { ...links, reversePathOk: () => false }));
    expect(spoofed.verdict).toMatchObject({ do: "drop", by: { table: "raw", chain: "cali-PREROUTING", number: 3 } });
  });
});
