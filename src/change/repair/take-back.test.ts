import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { said } from "../../../test/said.ts";
import { openNetnsTransport } from "../../read/transport/netns.ts";
import type { Repair } from "../../verdict/verdict.ts";
import { applyPlan, type ChangeContext } from "./apply.ts";
import { inspectPlan } from "./inspect.ts";
import { planRepair } from "./plan.ts";
import { isRoot, repair, ScratchNode, verdictOf } from "./testing/scratch-node.ts";
import { applyUndo, listRepairs, planUndo } from "./undo.ts";

const PLAIN = { force: false, persist: false };

describe.skipIf(!isRoot)("what became of the node since, when a repair is taken back (needs root)", () => {
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode("since");
    node.addVeth("eth0");
    node.sh("ip addr add 10.0.0.1/24 dev eth0");
  });
  afterAll(() => node.remove());

  async function apply(one: Repair, context = node.context(), options = PLAIN) {
    const applied = await applyPlan(planRepair(verdictOf([one]), PLAIN), context, options);
    expect(applied.error).toBeNull();
  }

  async function undo(context: ChangeContext = node.context()) {
    return applyUndo(await planUndo(node.transport, "latest", { stateDir: node.stateDir }), context, PLAIN);
  }

  it("leaves alone the namespace of a pod that was made anew under its name", async () => {
    const [old, anew] = [new ScratchNode("pod-a"), new ScratchNode("pod-b")];
    try {
      const inPod = (pod: ScratchNode) => node.context({ netnsPath: async () => `/run/netns/${pod.netns}` });
      const forwarding = "cat /proc/sys/net/ipv4/ip_forward";
      const set = repair("set-sysctl", { key: "net.ipv4.ip_forward", value: "1", netns: "pod:default/web-0" });
      await apply(set, inPod(old));
      anew.sh("sysctl -qw net.ipv4.ip_forward=1");
      await apply(repair("set-sysctl", { key: "net.ipv4.conf.all.rp_filter", value: "2" }));
      expect((await undo()).done.map(({ runtime }) => runtime)).toEqual(["restored"]);
      expect(await undo(inPod(anew))).toMatchObject({
        done: [{ runtime: "gone-with-pod", commands: [] }],
        error: null,
      });
      expect(anew.sh(forwarding).trim()).toBe("1");
      expect(old.sh(forwarding).trim()).toBe("1");
      // What went with its pod is no longer the latest.
      await expect(planUndo(node.transport, "latest", { stateDir: node.stateDir })).rejects.toMatchObject({
        code: "journal-not-found",
      });
    } finally {
      await Promise.all([old.remove(), anew.remove()]);
    }
  });

  it("does not say which repair is the latest where a node's journal cannot be read", async () => {
    await apply(repair("set-sysctl", { key: "net.ipv4.conf.all.rp_filter", value: "2" }));
    const access = (netns: string) => ({ netns, address: null, user: null, port: null });
    const nodes = new Map([
      ["k1", access(node.netns)],
      ["k2", access(`${node.netns}-none`)],
    ]);
    const both = openNetnsTransport({ file: "", nodes, here: null });
    try {
      const planned = (which: string) => planUndo(both, which, { stateDir: node.stateDir });
      await expect(planned("latest")).rejects.toMatchObject({ code: "journal-unread", node: "k2" });
      const { repairs } = await listRepairs(both, { stateDir: node.stateDir });
      const id = repairs.findLast(({ state }) => state === "applied")?.entry.id ?? "";
      expect((await planned(id)).entries.map((entry) => entry.id)).toEqual([id]);
    } finally {
      await both.close();
    }
    expect((await undo()).error).toBeNull();
  });

  it("leaves what others changed on a link whose MTU it takes back", async () => {
    node.sh(`ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev eth0 nud permanent
      ip route add 10.5.0.0/16 via 10.0.0.5; ip route add 10.6.0.0/16 via 10.0.0.5`);
    await apply(repair("set-link-mtu", { link: "eth0", mtu: "1400" }));
    node.sh(`ip neigh replace 10.0.0.5 lladdr 02:00:00:00:00:55 dev eth0 nud permanent
      ip route del 10.5.0.0/16; ip route replace 10.6.0.0/16 via 10.0.0.6`);
    const theirs = node.state();
    expect((await undo()).error).toBeNull();
    expect(node.state()).toEqual(theirs.replace(/(?<=\bmtu (= )?)1400/g, "1500"));
    node.sh("ip neigh del 10.0.0.5 dev eth0; ip route del 10.6.0.0/16");
  });

  it("does not free a port that an administrator gave to another bridge", async () => {
    node.sh(`ip link add cni0 type bridge; ip link add br1 type bridge`);
    await apply(repair("set-master", { link: "eth0", master: "cni0", hairpin: "false" }));
    node.sh("ip link set eth0 master br1");
    expect((await undo()).error?.code).toBe("not-what-we-left");
    expect(node.sh("ip -o link show dev eth0")).toContain("master br1");
    node.sh("ip link set eth0 master cni0");
    expect((await undo()).error).toBeNull();
    node.sh("ip link del cni0; ip link del br1");
  });

  it("puts a neighbour back with its state, its flags and its protocol", async () => {
    const peer = new ScratchNode("peer");
    try {
      node.addVeth("man0");
      node.sh(`ip link set man0-p netns ${peer.netns}; ip addr add 10.7.0.1/24 dev man0`);
      peer.sh("ip addr add 10.7.0.7/24 dev man0-p; ip link set man0-p up");
      const shown = () => node.sh("ip neigh show dev man0").trim();
      const remove = repair("remove-neighbour", { ip: "10.7.0.7", dev: "man0" });

      node.sh("ip neigh add 10.7.0.7 lladdr 02:00:00:00:00:07 dev man0 nud noarp extern_learn protocol zebra");
      await apply(remove);
      expect((await undo()).error).toBeNull();
      expect(shown()).toBe("10.7.0.7 lladdr 02:00:00:00:00:07 extern_learn NOARP proto zebra");

      node.sh(`ip neigh del 10.7.0.7 dev man0
        ip neigh add 10.7.0.7 dev man0 managed extern_learn protocol zebra
        until ip neigh show dev man0 | grep -q lladdr; do sleep 0.1; done`);
      await apply(remove);
      expect((await undo()).error).toBeNull();
      expect(shown()).toMatch(/ managed extern_learn .*proto zebra$/);
    } finally {
      await peer.remove();
    }
  });

  it("gives an advertised default route back with its lifetime, and says so where it cannot", async () => {
    const router = new ScratchNode("radv");
    try {
      node.addVeth("ra0");
      node.sh(`sysctl -qw net.ipv6.conf.ra0.accept_ra=1; ip link set ra0-p netns ${router.netns}`);
      router.sh(`sysctl -qw net.ipv6.conf.ra0-p.accept_dad=0; ip link set ra0-p up
        until ip -6 addr show dev ra0-p | grep -q fe80; do sleep 0.1; done`);
      // A router advertisement (RFC 4861): from a link-local address, with a hop limit of 255, for 1800 s.
      const advertisement = `perl -MSocket=:all -e '($index) = qx(ip -o link show ra0-p) =~ /^(\\d+)/;
        socket(my $s, AF_INET6, SOCK_RAW, 58) or die $!;
        setsockopt($s, 41, 18, pack("i", 255)); setsockopt($s, 41, 17, pack("i", $index));
        send($s, pack("CCnCCnNN", 134, 0, 0, 64, 0, 1800, 0, 0), 0,
          pack_sockaddr_in6(0, inet_pton(AF_INET6, "ff02::1"), $index)) or die $!'`;
      const shown = () => node.sh("ip -o -6 route show default proto ra").trim();
      router.sh(advertisement);
      node.sh("until ip -6 route show default proto ra | grep -q expires; do sleep 0.1; done");
      const withoutTime = (line: string) => line.replace(/ expires 1[78]\d\dsec/, " expires");
      const before = shown();
      const forward = repair("set-sysctl", { key: "net.ipv6.conf.all.forwarding", value: "1" });
      const plan = planRepair(verdictOf([forward]), PLAIN);
      const losses = async () => {
        const context = { reader: node.transport, api: null, netnsPath: async () => null };
        const [inspected] = await inspectPlan(plan, context);
        return inspected?.losses.map(said);
      };
      node.sh("sysctl -qw net.ipv6.conf.ra0.accept_ra=2");
      expect(await losses()).toEqual([]);
      node.sh("sysctl -qw net.ipv6.conf.ra0.accept_ra=1");
      expect(await losses()).toEqual([expect.stringContaining("first: sysctl -w net.ipv6.conf.ra0.accept_ra=2")]);
      expect((await applyPlan(plan, node.context(), PLAIN)).error?.code).toBe("loses-more");
      expect(withoutTime(shown())).toBe(withoutTime(before));
      await apply(forward, node.context(), { ...PLAIN, force: true });
      expect(shown()).toBe("");

      node.sh("ip link set ra0 down");
      const stopped = await undo();
      expect(stopped.error?.code).toBe("not-restored");
      expect(said(stopped.error?.detail)).toContain("default via fe80");
      node.sh("ip link set ra0 up; until ip -6 addr show dev ra0 | grep -q fe80; do sleep 0.1; done");
      expect((await undo()).error).toBeNull();
      expect(withoutTime(before)).toContain(" expires ");
      expect(withoutTime(shown())).toBe(withoutTime(before));
    } finally {
      await router.remove();
    }
  });
});
