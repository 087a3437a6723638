import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { netnsId } from "../../../facts/provenance.ts";
import { parseNftRuleset } from "../../../read/parse/nft-ruleset.ts";
import { parseRoutes } from "../../../read/parse/routes.ts";
import type { Edit } from "../../../think/walk/edits/edit.ts";
import { describeEdit } from "../../../think/walk/edits/edit-kinds.ts";
import type { Repair } from "../../../verdict/verdict.ts";
import { applyPlan } from "../apply.ts";
import { planRepair, repairOfEdit } from "../plan.ts";
import { causeOf, isRoot, memoryApi, repair, ScratchNode, verdictOf } from "../testing/scratch-node.ts";
import { applyUndo, planUndo } from "../undo.ts";

const PLAIN = { force: false, persist: false };
const HOST = netnsId("k1", "host");
const SOURCE = { node: "k1", netns: HOST, argv: [], at: "" };

describe.skipIf(!isRoot)("every kind of repair, in a namespace (needs root)", () => {
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode("kin");
    node.addVeth("eth0");
    node.addVeth("pod0");
    node.addVeth("pod1");
    node.sh(`ip addr add 10.0.0.1/24 dev eth0; ip -6 addr add fd00::1/64 dev eth0 nodad
      ip link add cni0 type bridge; echo 0 >/proc/sys/net/ipv6/conf/cni0/accept_dad
      ip link set pod0 master cni0; ip link set pod1 master cni0; ip link set cni0 up
      ip addr add 10.42.0.1/24 dev cni0
      ip link add vx0 type vxlan id 5 dstport 4789 dev eth0 nolearning
      echo 0 >/proc/sys/net/ipv6/conf/vx0/accept_dad; ip link set vx0 up
      sleep 1`);
  });
  afterAll(() => node.remove());

  const apply = (one: Repair, context = node.context()) =>
    applyPlan(planRepair(verdictOf([one]), PLAIN), context, PLAIN);

  async function undo(context = node.context()) {
    const undone = await applyUndo(
      await planUndo(node.transport, "latest", { stateDir: node.stateDir }),
      context,
      PLAIN,
    );
    expect(undone.error).toBeNull();
    return undone;
  }

  /** Applies, looks at the effect, undoes: everything must be as it was. */
  async function roundTrip(one: Repair, effect: () => void): Promise<void> {
    const before = node.state();
    const applied = await apply(one);
    expect(applied.error).toBeNull();
    expect(applied.steps[0]?.result).toBe("applied");
    effect();
    await undo();
    expect(node.state()).toEqual(before);
  }

  function ofEdit(edit: Edit): Repair {
    const one = repairOfEdit(edit, true);
    if (one === null) throw new Error(`no repair of ${edit.do}`);
    const { object, wanted } = describeEdit({ netns: new Map(), wires: [] }, edit);
    const cause = { ...causeOf(object, null), node: one.node, netns: one.params.netns ?? "host", wanted };
    const { refusals } = planRepair(verdictOf([one], { cause }), { force: false });
    expect(refusals.filter(({ code }) => code === "bad-params")).toEqual([]);
    return one;
  }

  describe.each(["nft", "legacy"] as const)("rules of iptables-%s", (backend) => {
    const tool = `iptables-${backend}` as const;
    const odd = String.raw`! -s 10.1.0.0/16 -p tcp -m multiport ! --dports 80,443 -m comment --comment "it's a \"quoted\" \\ \$(id) comment" -j DROP`;
    const rules = () => node.sh(`${tool} -S FORWARD`).trim().split("\n").slice(1);
    const at = (number: number) =>
      repair("remove-rule", {
        backend: tool,
        family: "ip",
        table: "filter",
        chain: "FORWARD",
        number: String(number),
        text: rules()[number - 1] ?? "",
      });

    beforeAll(() => {
      node.sh(`${tool} -N KUBE; ${tool} -A FORWARD -s 10.9.0.0/16 -j ACCEPT; ${tool} -A FORWARD ${odd}; ${tool} -A FORWARD -j KUBE
        ${tool} -A FORWARD -m statistic --mode random --probability 0.25 -j REJECT; ${tool} -A FORWARD -s 10.9.0.0/16 -j ACCEPT`);
    });
    afterAll(() => void node.sh(`${tool} -P FORWARD ACCEPT; ${tool} -F; ${tool} -X`));

    it.each([1, 2, 3, 4, 5])("takes away rule %i alone and puts it back in its place", async (number) => {
      const all = rules();
      await roundTrip(at(number), () => expect(rules()).toEqual(all.toSpliced(number - 1, 1)));
    });

    it("stops when another rule has that number now", async () => {
      const two = at(2);
      node.sh(`${tool} -I FORWARD 1 -s 192.0.2.1 -j ACCEPT`);
      const before = node.state();
      expect((await apply(two)).error?.code).toBe("changed-since");
      expect(node.state()).toEqual(before);
      node.sh(`${tool} -D FORWARD 1`);
    });

    it("takes several rules of one chain away, and no other", async () => {
      const all = rules();
      const applied = await applyPlan(planRepair(verdictOf([at(1), at(2), at(4)]), PLAIN), node.context(), PLAIN);
      expect(applied.error).toBeNull();
      expect(rules()).toEqual([all[2], all[4]]);
      await undo();
      expect(rules()).toEqual(all);
    });

    it("does not delete when the rule moves between reading and deleting", async () => {
      const two = at(2);
      const transport = Object.create(node.transport) as typeof node.transport;
      transport.change = (name, command, stdin) => {
        if (command.argv.includes(tool)) node.sh(`${tool} -I FORWARD 1 -s 192.0.2.1 -j ACCEPT`);
        return node.transport.change(name, command, stdin);
      };
      const all = rules();
      expect((await apply(two, node.context({ transport }))).error?.code).toBe("command-failed");
      expect(rules().slice(1)).toEqual(all);
      node.sh(`${tool} -D FORWARD 1`);
      await undo();
      expect(rules()).toEqual(all);
    });

    it("finds the place again in a chain that has grown, and refuses where it is gone", async () => {
      const all = rules();
      expect((await apply(at(3))).error).toBeNull();
      node.sh(`${tool} -I FORWARD 1 -s 192.0.2.1 -j ACCEPT`);
      await undo();
      expect(rules().slice(1)).toEqual(all);
      node.sh(`${tool} -D FORWARD 1`);

      expect((await apply(at(3))).error).toBeNull();
      node.sh(`${tool} -I FORWARD 3 -s 192.0.2.1 -j ACCEPT`);
      const plan = await planUndo(node.transport, "latest", { stateDir: node.stateDir });
      expect((await applyUndo(plan, node.context(), PLAIN)).error?.code).toBe("not-what-we-left");
      node.sh(`${tool} -D FORWARD 3`);
      await undo();
      expect(rules()).toEqual(all);
    });

    it("puts a peer's rule in and takes it out", async () => {
      const params = {
        backend: tool,
        family: "ip",
        table: "filter",
        chain: "FORWARD",
        number: "2",
        before: rules()[1] ?? "",
        text: `-A FORWARD ${odd.replace("DROP", "ACCEPT").replace(String.raw`\$`, "$")}`,
      };
      await roundTrip(repair("add-rule", params), () => expect(rules()[1]).toMatch(/quoted.*ACCEPT/));
    });

    it("sets a policy", async () => {
      node.sh(`${tool} -P FORWARD DROP`);
      const edit: Edit = {
        do: "set-policy",
        netns: HOST,
        backend: tool,
        family: "ip",
        table: "filter",
        chain: "FORWARD",
        policy: "ACCEPT",
      };
      await roundTrip(ofEdit(edit), () => expect(node.sh(`${tool} -S FORWARD`)).toMatch(/^-P FORWARD ACCEPT/));
    });
  });

  it("takes away a rule of nft by its handle and puts it back in its place", async () => {
    node.sh(`nft 'add table inet own { chain f { type filter hook forward priority 0; policy drop; } ; }'
      nft add rule inet own f ip saddr 10.1.0.0/16 tcp dport '{ 80, 443 }' counter accept
      nft add rule inet own f ip daddr != 10.2.0.0/16 counter drop comment '"a;b # c"'
      nft add rule inet own f meta mark 0x1 accept
      nft add rule inet own f tcp dport vmap '{ 22 : accept, 23 : drop }'`);
    const listing = () => node.sh("nft -s list chain inet own f").split("\n").slice(3, -3);
    const native = listing();
    expect(native).toHaveLength(4);
    // The facts word a rule of nft as its JSON has it.
    const facts =
      parseNftRuleset(node.sh("nft -j list ruleset"), SOURCE, new Set()).value.tables.find(
        (table) => table.name === "own",
      )?.chains[0]?.rules ?? [];
    for (const [i, text] of native.entries()) {
      const number = i + 1;
      const spoken = facts.find((rule) => rule.number === number)?.text ?? "";
      const place = { backend: "nft", family: "inet", table: "own", chain: "f", number: String(number) };
      const only = () => expect(listing()).toEqual(native.toSpliced(i, 1));
      await roundTrip(repair("remove-rule", { ...place, text: spoken }), only);
      if (i === 0) await roundTrip(repair("remove-rule", { ...place, text }), only);
      const wrong = await apply(repair("remove-rule", { ...place, number: String((number % 4) + 1), text: spoken }));
      expect(wrong.error?.code).toBe("changed-since");
    }
    const policy = { backend: "nft", family: "inet", table: "own", chain: "f", policy: "ACCEPT" };
    await roundTrip(repair("set-policy", policy), () =>
      expect(node.sh("nft list chain inet own f")).toContain("policy accept"),
    );
    node.sh("nft delete table inet own");
  });

  describe("routes", () => {
    const routeOf = (line: string, family: 4 | 6) => {
      const route = parseRoutes(line, SOURCE, family).value[0];
      if (route === undefined) throw new Error(line);
      return route;
    };

    it.each([
      [4, "10.42.7.0/24 via 10.0.0.7 dev eth0 onlink"],
      [4, "10.42.7.0/24 via 10.0.0.7 dev eth0 proto bird metric 50"],
      [4, "10.42.8.0/24 dev eth0 table 100 scope link src 10.0.0.1 mtu 1400"],
      [4, "blackhole 10.42.9.0/24 proto bird"],
      [4, "default via 10.0.0.254 dev eth0"],
      [4, "10.42.7.0/24 nexthop via 10.0.0.7 dev eth0 weight 2 nexthop via 10.0.0.8 dev eth0 weight 1 onlink"],
      [4, "10.42.7.0/24 via inet6 fd00::7 dev eth0"],
      [6, "fd42::/64 via fd00::7 dev eth0 metric 1024"],
      [6, "unreachable fd43::/64 dev lo metric 1024"],
      [6, "fd42::/64 metric 1024 nexthop via fd00::7 dev eth0 weight 1 nexthop via fd00::8 dev eth0 weight 1"],
    ] as const)("IPv%i %s, added and taken away", async (family, line) => {
      const route = routeOf(line, family);
      const shown = () =>
        node.sh(`ip -o -${family} route show table all exact ${route.dst.length === 0 ? "default" : route.dst.text}`);
      await roundTrip(ofEdit({ do: "add-route", netns: HOST, route }), () => expect(shown()).not.toBe(""));
      node.sh(`ip -${family} route add ${line}`);
      await roundTrip(ofEdit({ do: "remove-route", netns: HOST, route }), () => expect(shown()).toBe(""));
      node.sh(`ip -${family} route del ${line}`);
    });

    it.each([
      [4, "10.42.7.0/24", 5],
      [4, "10.42.7.0/24", 1],
      [4, "10.42.7.0/24", 10],
      [6, "fd42::/64", 6],
    ] as const)("IPv%i %s by nexthop object %i, taken away", async (family, prefix, id) => {
      node.sh(`ip nexthop add id 1 via 10.0.0.7 dev eth0 onlink; ip nexthop add id 2 via 10.0.0.8 dev eth0
        ip nexthop add id 10 group 1,3/2; ip nexthop add id 5 blackhole; ip -6 nexthop add id 6 blackhole
        ip -${family} route add ${prefix} nhid ${id}`);
      const shown = () => node.sh(`ip -o -${family} route show table all exact ${prefix}`).trim();
      const route = routeOf(shown(), family);
      await roundTrip(ofEdit({ do: "remove-route", netns: HOST, route }), () => expect(shown()).toBe(""));
      node.sh("ip nexthop flush");
    });

    it("replaces a wrong next hop that the verdict has seen, and no other", async () => {
      node.sh("ip route add 10.42.7.0/24 via 10.0.0.99 dev eth0 proto bird");
      const add = ofEdit({ do: "add-route", netns: HOST, route: routeOf("10.42.7.0/24 via 10.0.0.7 dev eth0", 4) });
      const before = node.state();
      const verdict = (found: string | null) =>
        verdictOf([add], { cause: causeOf("route 10.42.7.0/24 table main", found) });
      for (const found of [null, "10.42.7.0/24 via 10.0.0.98 dev eth0"]) {
        expect((await applyPlan(planRepair(verdict(found), PLAIN), node.context(), PLAIN)).error?.code).toBe(
          "changed-since",
        );
      }
      expect(node.state()).toEqual(before);
      const plan = planRepair(verdict("10.42.7.0/24 via 10.0.0.99 dev eth0"), PLAIN);
      expect((await applyPlan(plan, node.context(), PLAIN)).error).toBeNull();
      expect(node.sh("ip route show 10.42.7.0/24")).toContain("10.0.0.7 ");
      await undo();
      expect(node.state()).toEqual(before);
      node.sh("ip route del 10.42.7.0/24");
    });

    it("puts the first of two routes of one metric back as the first", async () => {
      node.sh("ip route add blackhole 10.42.7.0/24; ip route append 10.42.7.0/24 via 10.0.0.7 dev eth0");
      const route = routeOf("blackhole 10.42.7.0/24", 4);
      await roundTrip(ofEdit({ do: "remove-route", netns: HOST, route }), () => {
        expect(node.sh("ip route show 10.42.7.0/24")).not.toContain("blackhole");
      });
      node.sh("ip route del blackhole 10.42.7.0/24; ip route del 10.42.7.0/24");
    });

    it("refuses to undo a route that somebody changed", async () => {
      const route = routeOf("10.42.7.0/24 via 10.0.0.7 dev eth0", 4);
      expect((await apply(ofEdit({ do: "add-route", netns: HOST, route }))).error).toBeNull();
      node.sh("ip route replace 10.42.7.0/24 via 10.0.0.8 dev eth0");
      const plan = await planUndo(node.transport, "latest", { stateDir: node.stateDir });
      expect((await applyUndo(plan, node.context(), PLAIN)).error?.code).toBe("not-what-we-left");
      node.sh("ip route replace 10.42.7.0/24 via 10.0.0.7 dev eth0");
      await undo();
    });
  });

  it("policy rules, added and taken away", async () => {
    const text = "100: from 10.0.0.0/8 fwmark 0x1/0xff iif eth0 lookup 100";
    const params = { family: "4", text };
    await roundTrip(repair("add-policy-rule", params), () => expect(node.sh("ip rule")).toContain("fwmark 0x1/0xff"));
    node.sh("ip rule add from 10.0.0.0/8 fwmark 0x1/0xff iif eth0 lookup 100 priority 100");
    await roundTrip(repair("remove-policy-rule", params), () => expect(node.sh("ip rule")).not.toContain("0x1/0xff"));
    node.sh("ip rule del priority 100");
  });

  it("a link that was set down, with what hung on it", async () => {
    node.sh(`sysctl -qw net.ipv6.conf.eth0.keep_addr_on_down=1
      ip route add 10.77.0.0/16 via 10.0.0.9; ip link set eth0 down
      ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:01 dev eth0 nud permanent`);
    await roundTrip(ofEdit({ do: "set-link-up", netns: HOST, link: "eth0" }), () => {
      expect(node.sh("ip -o link show dev eth0")).toMatch(/<[^>]*\bUP\b/);
      node.sh("ip route add 10.78.0.0/16 via 10.0.0.9");
    });
    node.sh("ip neigh del 10.0.0.50 dev eth0; ip link set eth0 up; sysctl -qw net.ipv6.conf.eth0.keep_addr_on_down=0");
  });

  it("an MTU, and the IPv6 addresses that a small one takes away", async () => {
    node.sh("ip link set eth0 mtu 1400");
    const verdict = (found: string) =>
      verdictOf([repair("set-link-mtu", { link: "eth0", mtu: "1500" })], { cause: causeOf("link eth0", found) });
    expect((await applyPlan(planRepair(verdict("mtu 1300"), PLAIN), node.context(), PLAIN)).error?.code).toBe(
      "changed-since",
    );
    await roundTrip(ofEdit({ do: "set-link-mtu", netns: HOST, link: "eth0", mtu: 1500 }), () => {
      expect(node.sh("ip -o link show dev eth0")).toContain("mtu 1500");
    });
    const small = repair("set-link-mtu", { link: "eth0", mtu: "1000" });
    const addresses = () => node.sh("ip -o -6 addr show dev eth0 | awk '{print $4}' | sort");
    const before = addresses();
    expect((await apply(small)).error).toBeNull();
    expect(addresses()).toBe("");
    await undo();
    expect(addresses()).toBe(before);
    node.sh("ip link set eth0 mtu 1500");
  });

  it("neighbours", async () => {
    const because = { source: SOURCE, line: 1 };
    const entry = { dev: "eth0", mac: "02:00:00:00:00:07", state: "PERMANENT", proxy: false, because };
    const ip = { family: 4 as const, value: 167772167n, text: "10.0.0.7" };
    const set = ofEdit({ do: "set-neighbour", netns: HOST, neighbour: { ...entry, ip } });
    const shown = () => node.sh("ip neigh show 10.0.0.7");
    await roundTrip(set, () => expect(shown()).toContain("02:00:00:00:00:07 PERMANENT"));
    node.sh("ip neigh replace 10.0.0.7 lladdr 02:00:00:00:00:99 dev eth0 nud permanent");
    await roundTrip(set, () => expect(shown()).toContain("02:00:00:00:00:07 PERMANENT"));
    const found = (text: string) =>
      planRepair(verdictOf([set], { cause: causeOf("neigh 10.0.0.7 dev eth0", text) }), PLAIN);
    for (const other of ["lladdr 02:00:00:00:00:98 PERMANENT", "FAILED"]) {
      expect((await applyPlan(found(other), node.context(), PLAIN)).error?.code).toBe("changed-since");
    }
    expect((await applyPlan(found("lladdr 02:00:00:00:00:99 STALE"), node.context(), PLAIN)).error).toBeNull();
    await undo();
    await roundTrip(ofEdit({ do: "remove-neighbour", netns: HOST, dev: "eth0", ip }), () =>
      expect(shown()).not.toContain(":99"),
    );
    node.sh("ip neigh del 10.0.0.7 dev eth0");
  });

  it("forwarding entries of a VXLAN device and of a bridge", async () => {
    const set = repair("set-fdb", { mac: "02:11:00:00:00:02", dev: "vx0", dst: "10.0.0.2", self: "true" });
    const shown = () => node.sh("bridge fdb show dev vx0");
    await roundTrip(set, () => expect(shown()).toContain("dst 10.0.0.2"));
    node.sh("bridge fdb append 02:11:00:00:00:02 dev vx0 dst 10.0.0.99 self permanent");
    await roundTrip(set, () => expect(shown()).not.toContain("10.0.0.99"));
    node.sh("bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.3");
    const flood = repair("set-fdb", { mac: "00:00:00:00:00:00", dev: "vx0", dst: "10.0.0.4", self: "true" });
    await roundTrip(flood, () =>
      expect(shown()).toMatch(/10\.0\.0\.3[\s\S]*10\.0\.0\.4|10\.0\.0\.4[\s\S]*10\.0\.0\.3/),
    );
    node.sh("bridge fdb replace 02:22:00:00:00:01 dev pod1 master static");
    const moved = repair("set-fdb", { mac: "02:22:00:00:00:01", dev: "pod0" });
    await apply(moved).then((applied) => expect(applied.error).toBeNull());
    expect(node.sh("bridge fdb show dev pod0")).toContain("02:22:00:00:00:01");
    await undo();
    expect(node.sh("bridge fdb show dev pod0")).not.toContain("02:22:00:00:00:01");
  });

  describe("entries of an ipset", () => {
    const shown = () => node.sh("ipset save peers");
    const edit = (entry: string, present: boolean): Edit => ({
      do: "set-ipset-entry",
      netns: HOST,
      set: "peers",
      entry,
      present,
    });

    beforeAll(() => {
      node.sh(`ipset create peers hash:net family inet timeout 300 counters comment
        ipset add peers 10.2.0.0/16 timeout 0 comment "it's a \\$(id) comment"; ipset add peers 10.3.0.0/16 timeout 0 nomatch`);
    });
    afterAll(() => void node.sh("ipset destroy peers"));

    it("one that the peers have, for good", async () => {
      await roundTrip(ofEdit(edit("10.1.0.0/16", true)), () => expect(shown()).toMatch(/10\.1\.0\.0\/16 timeout 0 /));
    });

    it("one that no peer has, and a hole", async () => {
      await roundTrip(ofEdit(edit("10.2.0.0/16", false)), () => expect(shown()).not.toContain("10.2.0.0/16"));
      await roundTrip(ofEdit(edit("10.3.0.0/16 nomatch", false)), () => expect(shown()).not.toContain("10.3.0.0/16"));
    });

    it("stops when what is there is something else, or is as wanted already", async () => {
      for (const one of [edit("10.3.0.0/16", true), edit("10.3.0.0/16", false)]) {
        expect((await apply(ofEdit(one))).error?.code).toBe("changed-since");
      }
      for (const one of [edit("10.2.0.0/16", true), edit("10.1.0.0/16", false)]) {
        expect((await apply(ofEdit(one))).error?.code).toBe("already-done");
      }
      const gone = repair("set-ipset-entry", { set: "nobody", entry: "10.1.0.0/16", present: "true" });
      expect((await apply(gone)).error?.code).toBe("unreadable");
    });

    it("refuses to undo what somebody changed", async () => {
      expect((await apply(ofEdit(edit("10.1.0.0/16", true)))).error).toBeNull();
      node.sh("ipset del peers 10.1.0.0/16; ipset add peers 10.1.0.0/16 timeout 0 nomatch");
      const plan = await planUndo(node.transport, "latest", { stateDir: node.stateDir });
      expect((await applyUndo(plan, node.context(), PLAIN)).error?.code).toBe("not-what-we-left");
      node.sh("ipset del peers 10.1.0.0/16; ipset add peers 10.1.0.0/16 timeout 0");
      await undo();
    });

    it("those of nft by hand", async () => {
      const one = ofEdit({ ...edit("10.1.0.0/16", false), set: "ip ban bad" } as Edit);
      expect(one.commands).toEqual([["nft", "delete", "element", "ip", "ban", "bad", "{", "10.1.0.0/16", "}"]]);
      expect((await apply(one)).error?.code).toBe("by-hand");
    });

    it.each([
      { set: "-file", entry: "10.1.0.0/16" },
      { set: "peers", entry: "-exist" },
      { set: "peers", entry: "10.1.0.0/16 -exist" },
      { set: "ip ban bad;", entry: "10.1.0.0/16" },
    ])("takes no word for an option: $set $entry", (params) => {
      expect(() => repair("set-ipset-entry", { ...params, present: "true" })).toThrow();
    });
  });

  it("a link that has left its bridge", async () => {
    node.sh("ip link set pod0 nomaster");
    await roundTrip(ofEdit({ do: "set-master", netns: HOST, link: "pod0", master: "cni0", hairpin: true }), () => {
      expect(node.sh("ip -o link show dev pod0")).toContain("master cni0");
      expect(node.sh("bridge -d link show dev pod0")).toContain("hairpin on");
    });
    node.sh("ip link set pod0 master cni0");
  });

  it("an address that a link has lost", async () => {
    await roundTrip(repair("add-address", { address: "10.42.9.1/24", link: "cni0" }), () => {
      expect(node.sh("ip -o addr show dev cni0")).toContain("inet 10.42.9.1/24 brd 10.42.9.255");
      expect(node.sh("ip route show 10.42.9.0/24")).toContain("dev cni0");
    });
  });

  it("hairpin of a port", async () => {
    const port = { do: "set-bridge-port", netns: HOST, link: "pod0" } as const;
    await roundTrip(ofEdit({ ...port, attribute: "hairpin", value: "on" }), () => {
      expect(node.sh("bridge -d link show dev pod0")).toContain("hairpin on");
    });
    const applied = await apply(repair("set-bridge-port", { link: "eth0", attribute: "hairpin", to: "on" }));
    expect(applied.error?.code).toBe("unreadable");
  });

  it("what else keeps a port from passing frames", async () => {
    const port = { do: "set-bridge-port", netns: HOST, link: "pod0" } as const;
    node.sh("bridge link set dev pod0 isolated on learning off state 0");
    try {
      await roundTrip(ofEdit({ ...port, attribute: "isolated", value: "off" }), () => {
        expect(node.sh("bridge -d link show dev pod0")).toContain("isolated off");
      });
      await roundTrip(ofEdit({ ...port, attribute: "learning", value: "on" }), () => {
        expect(node.sh("bridge -d link show dev pod0")).toContain("learning on");
      });
      await roundTrip(ofEdit({ ...port, attribute: "state", value: "forwarding" }), () => {
        expect(node.sh("bridge -d link show dev pod0")).toContain("state forwarding");
      });
    } finally {
      node.sh("bridge link set dev pod0 isolated off learning on state 3");
    }
  });

  it("a stale conntrack entry, which the kernel makes anew by itself", async () => {
    node.sh(
      "conntrack -I -p udp -s 10.0.0.5 -d 10.96.0.10 --sport 4000 --dport 53 -r 10.42.9.9 -q 10.0.0.5 --reply-port-src 53 --reply-port-dst 4000 -t 100 2>/dev/null",
    );
    node.sh(
      "conntrack -I -p udp -s 10.0.0.6 -d 10.96.0.10 --sport 4000 --dport 53 -r 10.42.9.9 -q 10.0.0.6 --reply-port-src 53 --reply-port-dst 4000 -t 100 2>/dev/null",
    );
    const original = "udp src=10.0.0.5 dst=10.96.0.10 sport=4000 dport=53";
    expect((await apply(ofEdit({ do: "delete-conntrack", netns: HOST, original }))).error).toBeNull();
    const left = node.sh("conntrack -L 2>/dev/null");
    expect(left).not.toContain("src=10.0.0.5 dst=10.96.0.10");
    expect(left).toContain("src=10.0.0.6 dst=10.96.0.10");
    expect((await undo()).done[0]?.runtime).toBe("untouched");
  });

  it("the next step of a plan may find its work done by the one before", async () => {
    node.sh("ip link set eth0 down");
    const connected = repair("add-route", {
      prefix: "10.0.0.0/24",
      dev: "eth0",
      src: "10.0.0.1",
      scope: "link",
      protocol: "kernel",
    });
    const verdict = verdictOf([repair("set-link-up", { link: "eth0" }), connected]);
    const applied = await applyPlan(planRepair(verdict, PLAIN), node.context(), PLAIN);
    expect(applied.error).toBeNull();
    expect(applied.steps.map((step) => step.result)).toEqual(["applied", "already"]);
  });

  it("works in a pod's namespace by its path, looked up anew", async () => {
    const pod = new ScratchNode("pod");
    try {
      const context = node.context({
        netnsPath: async (_, name) => (name === "pod:default/web" ? `/run/netns/${pod.netns}` : null),
      });
      const set: Edit = {
        do: "set-sysctl",
        netns: netnsId("k1", "pod:default/web"),
        key: "net.ipv4.ip_forward",
        value: "1",
      };
      const hostBefore = node.state();
      expect((await apply(ofEdit(set), context)).error).toBeNull();
      expect(pod.sh("cat /proc/sys/net/ipv4/ip_forward").trim()).toBe("1");
      expect(node.state()).toEqual(hostBefore);
      const undone = await undo(context);
      expect(undone.done).toHaveLength(1);
      expect(pod.sh("cat /proc/sys/net/ipv4/ip_forward").trim()).toBe("0");
      const gone = await apply(ofEdit({ ...set, netns: netnsId("k1", "pod:default/gone") }), context);
      expect(gone.error?.code).toBe("no-netns");
      const persistent = await applyPlan(planRepair(verdictOf([ofEdit(set)]), PLAIN), context, {
        force: false,
        persist: true,
      });
      expect(persistent.error?.code).toBe("persist-not-host");
    } finally {
      await pod.remove();
    }
  });

  it("objects of the API: a selector, a target port", async () => {
    const service = {
      spec: {
        selector: { app: "wbe" },
        ports: [
          { name: "http", port: 80, targetPort: 8080 },
          { port: 81, targetPort: "x" },
        ],
      },
    };
    const objects: Record<string, unknown> = { "default/web": structuredClone(service) };
    const context = node.context({ api: memoryApi(objects) });
    const selector = repair(
      "patch-service-selector",
      { namespace: "default", name: "web", selector: '{"app":"web"}' },
      { kind: "api", node: null },
    );
    expect((await apply(selector, context)).error).toBeNull();
    expect(objects["default/web"]).toMatchObject({ spec: { selector: { app: "web" } } });
    await undo(context);
    expect(objects["default/web"]).toEqual(service);

    const port = repair(
      "patch-service-target-port",
      { namespace: "default", name: "web", port: "81", targetPort: "9090" },
      { kind: "api", node: null },
    );
    expect((await apply(port, context)).error).toBeNull();
    expect(objects["default/web"]).toMatchObject({ spec: { ports: [{ targetPort: 8080 }, { targetPort: 9090 }] } });
    await undo(context);
    expect(objects["default/web"]).toEqual(service);

    const verdict = (found: string) =>
      verdictOf([selector], {
        cause: { ...causeOf("Service default/web .spec.selector", found), node: null, netns: null },
      });
    expect((await applyPlan(planRepair(verdict("app=other"), PLAIN), context, PLAIN)).error?.code).toBe(
      "changed-since",
    );
    expect((await applyPlan(planRepair(verdict("app=wbe"), PLAIN), context, PLAIN)).error).toBeNull();
    objects["default/web"] = { spec: { selector: { app: "theirs" } } };
    const plan = await planUndo(node.transport, "latest", { stateDir: node.stateDir });
    expect((await applyUndo(plan, context, PLAIN)).error?.code).toBe("not-what-we-left");
    expect((await apply(selector)).error?.code).toBe("no-api");
  });
});
