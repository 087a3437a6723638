import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import type { Cluster } from "../../facts/cluster.ts";
import { type Ip, ip, prefix } from "../../facts/ip.ts";
import type { BridgePort, Link, Netns, Route } from "../../facts/netns.ts";
import type { Rule } from "../../facts/ruleset.ts";
import { linksOf, type World } from "../../facts/world.ts";
import { collectWorld } from "../../read/collect/collect-world.ts";
import { openBundle } from "../../read/transport/bundle.ts";
import type { Flow } from "../walk/branch.ts";
import { replaceChain } from "../walk/edits/chains.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { applyEdits, describeEdit } from "../walk/edits/edit-kinds.ts";
import { otherEnd } from "../walk/edits/owners.ts";
import { parseSet } from "../walk/edits/parse-set.ts";
import { replaceTable } from "../walk/edits/replace-table.ts";
import { changeLink } from "../walk/edits/set-link-up.ts";
import { walk } from "../walk/walk.ts";
import { effectOf } from "./testing/effect-of.ts";
import { search } from "./search.ts";
import { known } from "../../facts/provenance.ts";

const fixtures = join(import.meta.dirname, "../../../fixtures");

interface ListedPod {
  metadata: { namespace: string; name: string };
  spec: { nodeName?: string; hostNetwork?: boolean };
  status: { phase: string; podIPs?: { ip: string }[] };
}

async function recorded(name: string): Promise<World> {
  const list = JSON.parse(readFileSync(join(fixtures, name, "api/pods.json"), "utf8")) as { items: ListedPod[] };
  const pods = list.items.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    node: spec.nodeName ?? null,
    phase: status.phase,
    ready: true,
    hostNetwork: spec.hostNetwork ?? false,
    ips: (status.podIPs ?? []).map((one) => ip(one.ip)),
    labels: {},
    containers: [],
  }));
  const cluster: Cluster = {
    nodes: [],
    pods,
    services: [],
    endpoints: [],
    endpointsKnown: true,
    namespaces: known([]),
    networkPolicies: known([]),
  };
  const reader = await openBundle(join(fixtures, name));
  const { world } = await collectWorld(reader, cluster, { limits: { timeoutMs: 10_000, maxBytes: 1 << 26 } });
  return world;
}

function flow(from: string, dst: string, extra: Partial<Flow> = {}): Flow {
  return { from, src: null, dst: ip(dst), protocol: "tcp", sport: 40_000, dport: 8080, bytes: 60, ...extra };
}

/** What the search says, in the words of a verdict: `NODE/NETNS: OBJECT: FOUND -> WANTED`. */
function causes(world: World, of: Flow): readonly string[] {
  return search(world, of).found.map(({ edits }) => edits.map((edit) => told(world, edit)).join(" + "));
}

function told(world: World, edit: Edit): string {
  const { object, found, wanted } = describeEdit(world, edit);
  return `${edit.netns}: ${object}: ${found ?? "absent"} -> ${wanted ?? "absent"}`;
}

describe("recorded clusters", () => {
  test("the unique cheapest correction of vxlan-ip-forward-off is the switch on k2", async () => {
    const world = await recorded("vxlan-ip-forward-off");
    expect(causes(world, flow("k1/host", "10.42.0.3"))).toEqual(["k2/host: net.ipv4.ip_forward: 0 -> 1"]);
  });

  test("of vxlan-udp-blocked it is the rule in INPUT of k3", async () => {
    const world = await recorded("vxlan-udp-blocked");
    expect(causes(world, flow("k1/host", "10.42.1.2"))).toEqual([
      "k3/host: rule iptables-nft:filter/INPUT#1: -A INPUT -p udp -m udp --dport 8472 -j DROP -> absent",
    ]);
  });

  test("of ipip-resumed it is the switch on node2", async () => {
    const world = await recorded("ipip-resumed");
    expect(causes(world, flow("node1/host", "10.244.104.23"))).toEqual(["node2/host: net.ipv4.ip_forward: 0 -> 1"]);
  });

  test.each(["vxlan-healthy", "vxlan-forward-policy-drop"])("nothing is to be corrected in %s", async (name) => {
    const [only, ...more] = search(await recorded(name), flow("k1/host", "10.42.0.3")).found;
    expect(only?.edits).toEqual([]);
    expect(more).toEqual([]);
  });
});

describe("faults put into the recorded healthy Calico cluster", () => {
  const toNode2 = flow("node1/host", "10.244.104.23");
  let healthy: World;
  beforeAll(async () => {
    healthy = await recorded("ipip-healthy");
  });

  test.each([
    ["node1", "10.244.104.0/26", "absent -> 10.244.104.0/26 via 192.168.6.142 dev tunl0 proto bird onlink"],
    ["node2", "10.244.166.128/26", "absent -> 10.244.166.128/26 via 192.168.6.141 dev tunl0 proto bird onlink"],
    ["node2", "10.244.104.23/32", "absent -> 10.244.104.23 dev cali7c2e5d81a0f scope link"],
  ])("%s has lost its route to %s", (node, dst, change) => {
    const world = replaceTable(healthy, `${node}/host`, "routes", (routes) => routes.filter((r) => r.dst.text !== dst));
    expect(causes(world, toNode2)).toEqual([`${node}/host: route ${dst} table main: ${change}`]);
  });

  test("the tunnel of node2 is down", () => {
    const world = changeLink(healthy, "node2/host", "tunl0", (l) => ({ ...l, up: false, carrier: false }));
    expect(causes(world, toNode2)).toEqual(["node2/host: link tunl0: down -> up"]);
  });
});

describe("faults put into the recorded healthy flannel cluster", () => {
  let healthy: World;
  beforeAll(async () => {
    healthy = await recorded("vxlan-healthy");
  });
  const toK2 = flow("k1/host", "10.42.0.3");

  function without(id: string, keep: (route: Route) => boolean, from: World = healthy): World {
    return replaceTable(from, id, "routes", (routes) => routes.filter(keep));
  }
  function routeFrom(id: string, change: Partial<Route>): World {
    return replaceTable(healthy, id, "routes", (routes) => [...routes, { ...(routes[0] as Route), ...change }]);
  }
  function set(text: string, from: World = healthy): World {
    const parsed = parseSet(text, ["k1", "k2", "k3"]);
    if (!parsed.ok) throw new Error(String(said(parsed.why)));
    const world = applyEdits(from, [parsed.edit]);
    expect(world).not.toBe(from);
    return world;
  }
  function link(id: string, name: string, change: (link: Link) => Link, from: World = healthy): World {
    const world = changeLink(from, id, name, change);
    expect(world).not.toBe(from);
    return world;
  }
  function rule(id: string, table: string, chain: string, targets: Rule["targets"], text: string): World {
    const place = { backend: "iptables-nft", family: "ip", table, chain } as const;
    const world = replaceChain(healthy, id, place, (c) => {
      const because = { ...c.because, line: 100_000 };
      const added: Rule = { number: 1, matches: [], targets, comment: null, packets: null, text, because };
      return { ...c, rules: [added, ...c.rules.map((r) => ({ ...r, number: r.number + 1 }))] };
    });
    expect(world).not.toBe(healthy);
    return world;
  }

  /** The link on k2 behind which a pod has this address. */
  function portOn(address: string): Link {
    const port = linksOf(healthy.netns.get("k2/host")).find(({ name }) => {
      const end = otherEnd(healthy, "k2/host", name);
      return (
        end !== null &&
        linksOf(healthy.netns.get(end.netns)).some((l) => l.addresses.some((a) => a.ip.text === address))
      );
    });
    if (port === undefined) throw new Error(`no port for ${address}`);
    return port;
  }
  function port(link: Link, change: Partial<BridgePort>, from: World = healthy): World {
    return changeLink(from, "k2/host", link.name, (l) => ({ ...l, port: l.port && { ...l.port, ...change } }));
  }

  test("a port of k2's bridge is disabled", () => {
    const { name } = portOn("10.42.0.3");
    expect(causes(port(portOn("10.42.0.3"), { state: "disabled" }), toK2)).toEqual([
      `k2/host: link ${name}: state disabled -> state forwarding`,
    ]);
  });

  test("and nobody has asked behind it since: ARP is what fails", () => {
    const { name } = portOn("10.42.0.3");
    const asked = replaceTable(healthy, "k2/host", "neighbours", (rows) =>
      rows.filter((row) => row.ip.text !== "10.42.0.3"),
    );
    const world = port(portOn("10.42.0.3"), { state: "disabled" }, asked);
    expect(walk(world, toK2).branches.map((b) => b.end)).toEqual(["NEIGHBOUR_FAILED"]);
    expect(causes(world, toK2)).toEqual([`k2/host: link ${name}: state disabled -> state forwarding`]);
  });

  test("a port that STP has disabled is nobody's to enable", () => {
    const world = changeLink(port(portOn("10.42.0.3"), { state: "disabled" }), "k2/host", "cni0", (l) => ({
      ...l,
      bridge: l.bridge && { ...l.bridge, stp: true },
    }));
    expect(causes(world, toK2)).toEqual([]);
  });

  test("a port is deaf: a node's request is answered by nobody", () => {
    const { name } = portOn("10.42.0.3");
    const forgotten = replaceTable(healthy, "k2/host", "fdb", (rows) => rows.filter((row) => row.dev !== name));
    const world = port(portOn("10.42.0.3"), { learning: false, flood: false }, forgotten);
    expect(causes(world, toK2)).toEqual([`k2/host: link ${name}: learning off -> learning on`]);
  });

  test("two isolated ports pass each other nothing, and the third passes both", () => {
    const [one, other] = [portOn("10.42.0.2"), portOn("10.42.0.3")];
    const world = port(one, { isolated: true }, port(other, { isolated: true }));
    const pod = [...world.netns.keys()].find((id) => id.startsWith("k2/pod:default/backend")) ?? "";
    expect(causes(world, flow(pod, "10.42.0.3"))).toContain(`k2/host: link ${other.name}: isolated on -> isolated off`);
    expect(causes(world, toK2)).toEqual([""]);
  });

  test("a pod's link on k2 has left the bridge that the others are ports of", () => {
    const { name, port: present } = portOn("10.42.0.3");
    const hairpin = present?.hairpin ?? false;
    const world = link("k2/host", name, (l) => ({ ...l, master: null, port: null }));
    expect(causes(world, toK2)).toEqual([`k2/host: link ${name}: no master -> master cni0`]);
    const [only] = search(world, toK2).found;
    expect(only?.edits).toEqual([{ do: "set-master", netns: "k2/host", link: name, master: "cni0", hairpin }]);
  });

  test("no route to the pods of k2", () => {
    const world = without("k1/host", (route) => route.dst.text !== "10.42.0.0/24");
    expect(causes(world, toK2)).toEqual([
      "k1/host: route 10.42.0.0/24 table main: absent -> 10.42.0.0/24 via 10.42.0.0 dev flannel.1 onlink",
    ]);
  });

  test("no way back from k2", () => {
    const world = without("k2/host", (route) => route.dst.text !== "10.42.2.0/24");
    expect(causes(world, toK2)).toEqual([
      "k2/host: route 10.42.2.0/24 table main: absent -> 10.42.2.0/24 via 10.42.2.0 dev flannel.1 onlink",
    ]);
  });

  test("the bridge's own subnet has lost its route", () => {
    const world = without("k2/host", (route) => route.dst.text !== "10.42.0.0/24" || route.table !== 254);
    expect(causes(world, toK2)).toEqual([
      "k2/host: route 10.42.0.0/24 table main: absent -> 10.42.0.0/24 dev cni0 proto kernel scope link src 10.42.0.1",
    ]);
  });

  test("a blackhole for one pod", () => {
    const world = routeFrom("k2/host", {
      type: "blackhole",
      dst: prefix("10.42.0.3/32"),
      table: 254,
      nexthops: [],
      src: null,
      protocol: "boot",
      scope: "global",
    });
    expect(causes(world, toK2)).toEqual(["k2/host: route 10.42.0.3/32 table main: blackhole 10.42.0.3 -> absent"]);
  });

  test("a route that leads to a next hop that nobody has", () => {
    const wrong = (route: Route): Route =>
      route.dst.text === "10.42.0.0/24"
        ? { ...route, nexthops: route.nexthops.map((h) => ({ ...h, via: ip("10.42.77.0") })) }
        : route;
    const world = replaceTable(healthy, "k1/host", "routes", (routes) => routes.map(wrong));
    expect(causes(world, toK2)).toEqual([
      "k1/host: route 10.42.0.0/24 table main: 10.42.0.0/24 via 10.42.77.0 dev flannel.1 onlink -> 10.42.0.0/24 via 10.42.0.0 dev flannel.1 onlink",
    ]);
  });

  test("the tunnel has no FDB entry", () => {
    const world = replaceTable(healthy, "k1/host", "fdb", (rows) =>
      rows.filter((r) => r.dst?.text !== "192.168.6.142"),
    );
    expect(causes(world, toK2)).toEqual(["k1/host: fdb 9a:47:6c:cd:67:4a dev flannel.1: absent -> dst 192.168.6.142"]);
  });

  test("the tunnel has no neighbour", () => {
    const world = replaceTable(healthy, "k1/host", "neighbours", (rows) =>
      rows.filter((r) => r.ip.text !== "10.42.0.0"),
    );
    expect(causes(world, toK2)).toEqual([
      "k1/host: neigh 10.42.0.0 dev flannel.1: absent -> lladdr 9a:47:6c:cd:67:4a PERMANENT",
    ]);
  });

  test("a wrong static neighbour on the uplink", () => {
    const world = replaceTable(healthy, "k1/host", "neighbours", (rows) =>
      rows.map((r) => (r.ip.text === "192.168.6.142" ? { ...r, mac: "02:00:00:00:00:99", state: "PERMANENT" } : r)),
    );
    expect(causes(world, toK2)).toEqual([
      "k1/host: neigh 192.168.6.142 dev eth0: lladdr 02:00:00:00:00:99 PERMANENT -> absent",
    ]);
  });

  test.each([
    ["another VNI", 2, 8472],
    ["another port", 1, 4789],
  ])("%s on k2", (_, vni, dstPort) => {
    const world = link("k2/host", "flannel.1", (l) => ({ ...l, vxlan: l.vxlan && { ...l.vxlan, vni, dstPort } }));
    expect(causes(world, toK2)).toEqual([
      `k2/host: link flannel.1: vxlan id ${vni} dstport ${dstPort} -> vxlan id 1 dstport 8472`,
    ]);
  });

  test("one interface does not forward although the switch is on", () => {
    expect(causes(set("k2:net.ipv4.conf.flannel/1.forwarding=0"), toK2)).toEqual([
      "k2/host: net.ipv4.conf.flannel/1.forwarding: 0 -> 1",
    ]);
  });

  test("the reply's interface does not forward", () => {
    expect(causes(set("k2:net.ipv4.conf.cni0.forwarding=0"), toK2)).toEqual([
      "k2/host: net.ipv4.conf.cni0.forwarding: 0 -> 1",
    ]);
  });

  test("a pod's way out", () => {
    const pod = "k2/pod:default/frontend-764dfd4598-gnkwp";
    const routed = (route: Route) => route.table !== 254 || route.dst.length > 23 || route.dst.family === 6;
    const [first, ...more] = causes(without(pod, routed), toK2);
    expect(first).toBe(`${pod}: route 10.42.0.0/16 table main: absent -> 10.42.0.0/16 via 10.42.0.1 dev eth0`);
    expect(more).toEqual([]);
  });

  test("a pod's link is down", () => {
    const pod = "k2/pod:default/frontend-764dfd4598-gnkwp";
    const down = link(pod, "eth0", (l) => ({
      ...l,
      up: false,
      carrier: false,
      flags: l.flags.filter((f) => f !== "UP"),
    }));
    const world = link("k2/host", "veth88cf15e1", (l) => ({ ...l, carrier: false }), down);
    expect(causes(world, toK2)[0]).toContain(`${pod}: link eth0: down -> up`);
  });

  test("a port of the bridge is down", () => {
    const world = link("k2/host", "veth88cf15e1", (l) => ({ ...l, up: false, carrier: false }));
    expect(causes(world, toK2)).toEqual(["k2/host: link veth88cf15e1: down -> up"]);
  });

  test.each([
    ["filter", "FORWARD", "-A FORWARD -j DROP"],
    ["nat", "PREROUTING", "-A PREROUTING -j DROP"],
    ["mangle", "POSTROUTING", "-A POSTROUTING -j DROP"],
  ])("a rule that drops in %s/%s", (table, chain, text) => {
    const world = rule("k2/host", table, chain, [{ do: "DROP" }], text);
    expect(causes(world, toK2)).toEqual([`k2/host: rule iptables-nft:${table}/${chain}#1: ${text} -> absent`]);
  });

  test("a translation that no other node has", () => {
    const low = ip("192.0.2.7").value;
    const target = { do: "SNAT", range: { low, high: low, ports: null, random: false } } as const;
    const text = "-A POSTROUTING -j SNAT --to-source 192.0.2.7";
    const world = rule("k1/host", "nat", "POSTROUTING", [target], text);
    const found = causes(world, toK2);
    expect(found[0]).toBe(`k1/host: rule iptables-nft:nat/POSTROUTING#1: ${text} -> absent`);
  });

  test("rules that every other node has are missing under a policy that drops", () => {
    const place = { backend: "iptables-nft", family: "ip", table: "filter", chain: "FORWARD" } as const;
    const dropping = ["k1", "k2", "k3"].reduce(
      (world, node) => replaceChain(world, `${node}/host`, place, (c) => ({ ...c, policy: "DROP" })),
      healthy,
    );
    expect(search(dropping, toK2).found[0]?.edits).toEqual([]);
    const world = replaceChain(dropping, "k2/host", place, (c) => ({ ...c, rules: [] }));
    const { found } = search(world, toK2);
    expect(found.length).toBeGreaterThan(0);
    for (const { edits } of found) {
      for (const edit of edits) expect(edit).toMatchObject({ do: "add-rule", netns: "k2/host", chain: "FORWARD" });
    }
  });

  test("a rule that every other node has is missing in a chain where nothing else matches", () => {
    const place = { backend: "iptables-nft", family: "ip", table: "filter" } as const;
    const accept = (rules: readonly Rule[]): readonly Rule[] =>
      rules
        .slice(0, 1)
        .map((r) => ({ ...r, matches: [], targets: [{ do: "ACCEPT" }], text: "-A KUBE-FORWARD -j ACCEPT" }));
    const dropping = ["k1", "k2", "k3"].reduce((world, node) => {
      const forward = replaceChain(world, `${node}/host`, { ...place, chain: "FORWARD" }, (c) => ({
        ...c,
        policy: "DROP",
        rules: c.rules.filter((r) => r.text.endsWith("-j KUBE-FORWARD")),
      }));
      return replaceChain(forward, `${node}/host`, { ...place, chain: "KUBE-FORWARD" }, (c) => ({
        ...c,
        rules: node === "k2" ? [] : accept(c.rules),
      }));
    }, healthy);
    expect(walk(dropping, toK2).branches.map((b) => b.end)).toEqual(["NETFILTER_DROP"]);
    expect(causes(dropping, toK2)).toEqual([
      "k2/host: rule iptables-nft:filter/KUBE-FORWARD#1: absent -> -A KUBE-FORWARD -j ACCEPT",
    ]);
  });

  test("a rule that sends packets astray, in a table that no other node has", () => {
    const astray = replaceTable(healthy, "k2/host", "rulesets", (rulesets) => {
      const source = { node: "k2", netns: "k2/host", argv: ["nft", "-j", "list", "ruleset"], at: "" };
      const because = { source, line: 7 };
      const targets: Rule["targets"] = [{ do: "REDIRECT", ports: [9999, 9999] }];
      const matches: Rule["matches"] = [{ match: "destination", negate: false, prefixes: [prefix("10.42.0.3/32")] }];
      const only: Rule = { number: 1, matches, targets, comment: null, packets: null, text: "redirect", because };
      const hook = { hook: "PREROUTING", priority: -110, type: "nat", policy: "ACCEPT" } as const;
      const chain = { name: "steal", ...hook, rules: [only], because };
      return [...rulesets, { backend: "nft", tables: [{ name: "mine", family: "ip", chains: [chain] }] }];
    });
    expect(walk(astray, toK2).branches.map((b) => b.end)).toEqual(["PORT_CLOSED"]);
    expect(causes(astray, toK2)[0]).toBe("k2/host: rule nft:mine/steal#1: redirect -> absent");
  });

  test("strict reverse path filtering is no cause where a route is missing", () => {
    const strict = ["all", "flannel/1"].reduce(
      (world, name) => set(`k2:net.ipv4.conf.${name}.rp_filter=1`, world),
      without("k2/host", (route) => route.dst.text !== "10.42.2.0/24"),
    );
    expect(walk(strict, toK2).branches.map((b) => b.end)).toEqual(["RP_FILTER"]);
    expect(causes(strict, toK2)).toEqual([
      "k2/host: route 10.42.2.0/24 table main: absent -> 10.42.2.0/24 via 10.42.2.0 dev flannel.1 onlink",
    ]);
  });

  test("a policy rule that no other node has", () => {
    const world = replaceTable(healthy, "k1/host", "rules", (rules) => {
      const [first] = rules;
      if (first === undefined) return rules;
      return [...rules, { ...first, priority: 100, to: prefix("10.42.0.0/16"), action: { do: "prohibit" } }];
    });
    expect(causes(world, toK2)).toEqual(["k1/host: ip rule 100: 100: from all to 10.42.0.0/16 prohibit -> absent"]);
  });

  test("the policy rule that leads to main is gone, and IPv6 has one of the same words", () => {
    const both = ["k1/host", "k2/host", "k3/host"].reduce(
      (world, id) => replaceTable(world, id, "rules", (all) => all.flatMap((r) => [r, { ...r, family: 6 }])),
      healthy,
    );
    const world = replaceTable(both, "k2/host", "rules", (rules) =>
      rules.filter((rule) => rule.family === 6 || rule.priority !== 32_766),
    );
    expect(causes(world, toK2)).toEqual(["k2/host: ip rule 32766: absent -> 32766: from all lookup main"]);
  });

  test("two causes in series come in the order of the path, and each alone moves the loss along", () => {
    const blocked = replaceTable(set("k2:net.ipv4.ip_forward=0"), "k1/host", "fdb", (rows) =>
      rows.filter((r) => r.dst?.text !== "192.168.6.142"),
    );
    const { found } = search(blocked, toK2);
    expect(found.map((s) => s.edits.map((e) => told(blocked, e)))).toEqual([
      [
        "k1/host: fdb 9a:47:6c:cd:67:4a dev flannel.1: absent -> dst 192.168.6.142",
        "k2/host: net.ipv4.ip_forward: 0 -> 1",
      ],
    ]);
    const [first, second] = found[0]?.edits ?? [];
    expect(first && effectOf(blocked, toK2, first)).toBe("moves-downstream");
    expect(second && effectOf(blocked, toK2, second)).toBe("none");
  });

  test("the tunnel of k2 went down and lost its routes and neighbours", () => {
    const down = link("k2/host", "flannel.1", (l) => ({ ...l, up: false, carrier: false }));
    const flushed = replaceTable(
      without("k2/host", (route) => !route.nexthops.some((h) => h.dev === "flannel.1") || route.table === 255, down),
      "k2/host",
      "neighbours",
      (rows) => rows.filter((r) => r.dev !== "flannel.1"),
    );
    const [first] = search(flushed, toK2).found;
    expect(first?.edits.map((e) => e.do)).toEqual(["set-link-up", "add-route", "set-neighbour"]);
  });

  test("the bridge of k2 is down, and the route to its pods went with it", () => {
    const bridge = link("k2/host", "cni0", (l) => ({ ...l, up: false, carrier: false }));
    // Its ports are disabled with it (br_stp_disable_bridge).
    const down = replaceTable(bridge, "k2/host", "links", (links) =>
      links.map((l) => (l.master === "cni0" && l.port !== null ? { ...l, port: { ...l.port, state: "disabled" } } : l)),
    );
    const world = without("k2/host", (route) => route.dst.text !== "10.42.0.0/24", down);
    expect(walk(world, toK2).branches.map((b) => b.end)).toEqual(["LEFT_CLUSTER"]);
    expect(causes(world, toK2)).toEqual(["k2/host: link cni0: down -> up"]);
  });

  test("the bridge of k2 has lost its address, and the node its route to the pods", () => {
    const world = without(
      "k2/host",
      (route) => !route.nexthops.some((hop) => hop.dev === "cni0"),
      link("k2/host", "cni0", (l) => ({ ...l, addresses: l.addresses.filter(({ ip }) => ip.family === 6) })),
    );
    expect(causes(world, toK2)).toEqual(["k2/host: address 10.42.0.1/24 dev cni0: absent -> 10.42.0.1/24"]);
  });

  test("k2 has lost the address that its tunnel sends from", () => {
    const world = without(
      "k2/host",
      (route) => !route.nexthops.some((hop) => hop.dev === "eth0"),
      link("k2/host", "eth0", (l) => ({ ...l, addresses: l.addresses.filter(({ ip }) => ip.family === 6) })),
    );
    // And nothing tells any more that it is on their segment.
    const wires = world.wires.map((w) =>
      w.kind === "segment" ? { ...w, ends: w.ends.filter(({ netns }) => netns !== "k2/host") } : w,
    );
    expect(causes({ ...world, wires }, toK2)).toEqual([
      "k2/host: address 192.168.6.142/24 dev eth0: absent -> 192.168.6.142/24",
    ]);
  });

  describe("k2 was given another address", () => {
    const renumbered = (address: string, from: World = healthy): World =>
      replaceTable(
        link(
          "k2/host",
          "eth0",
          (l) => ({
            ...l,
            addresses: l.addresses.map((a) =>
              a.ip.text === "192.168.6.142" ? { ...a, ip: ip(address), prefix: prefix(`${address}/24`) } : a,
            ),
          }),
          from,
        ),
        "k2/host",
        "routes",
        (routes) => routes.map((r) => (r.dst.text === "192.168.6.142/32" ? { ...r, dst: prefix(`${address}/32`) } : r)),
      );
    const known = (mac: string | null): World =>
      replaceTable(healthy, "k1/host", "neighbours", (rows) =>
        rows.map((row) =>
          row.ip.text === "192.168.6.142" ? { ...row, mac, state: mac ? "REACHABLE" : "FAILED" } : row,
        ),
      );

    test("and its tunnel still sends from the old one, which nobody has", () => {
      expect(causes(renumbered("192.168.6.152", known(null)), toK2)).toEqual([
        "k2/host: address 192.168.6.142/24 dev eth0: absent -> 192.168.6.142/24",
      ]);
    });

    test("and the old one was given to a stranger: it is not k2's to take back", () => {
      expect(causes(renumbered("192.168.6.152", known("02:00:5e:00:00:99")), toK2)).toEqual([]);
    });

    test("on another network: the old one would be of no use there", () => {
      expect(causes(renumbered("10.9.8.7", known(null)), toK2)).toEqual([]);
    });
  });

  test("what is unknown is never corrected, and what is meant is left alone", () => {
    const blind = new Map(healthy.netns);
    const k2 = healthy.netns.get("k2/host") as Netns;
    blind.set("k2/host", { ...k2, sysctls: { known: false, why: "not read" } });
    const unread = search({ ...healthy, netns: blind }, toK2);
    expect(unread.found).toEqual([]);
    expect(said(unread.unknownAsIs)).toContain("k2/host");
    const denied = rule("k2/host", "filter", "FORWARD", [{ do: "DROP" }], "-A FORWARD -j DROP");
    const refused = search(denied, toK2, { refuse: (edit) => edit.do === "remove-rule" });
    expect(refused.found).toEqual([]);
    expect(refused.bounded).toBe(false);
  });

  test("a bound is told", () => {
    const world = set("k2:net.ipv4.ip_forward=0");
    expect(search(world, toK2, { maxWalks: 1 })).toMatchObject({ found: [], bounded: true, walks: 1 });
    const unfinished = Array.from({ length: search(world, toK2).walks }, (_, i) =>
      search(world, toK2, { maxWalks: i }),
    );
    expect(unfinished.every((result) => result.bounded)).toBe(true);
    let clock = 0;
    expect(search(world, toK2, { deadlineMs: 1, nowMs: () => clock++ })).toMatchObject({ found: [], bounded: true });
  });

  test("of a Service's branches one can be looked at alone", () => {
    const [branch] = walk(healthy, toK2).branches;
    const world = set("k2:net.ipv4.ip_forward=0");
    const focus: { ip: Ip; port: number } = branch?.destination ?? { ip: ip("0.0.0.0"), port: 0 };
    expect(search(world, toK2, { focus }).found[0]?.edits).toHaveLength(1);
  });
});
