import { expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import type { Pod } from "../../facts/cluster.ts";
import { ip } from "../../facts/ip.ts";
import type { Link, Netns } from "../../facts/netns.ts";
import { known } from "../../facts/provenance.ts";
import { choosePod, holdersOf } from "./find-pods.ts";
import { unreadNetns } from "./read-netns.ts";
import { parseSurvey } from "./survey.ts";

const because = { source: { node: "k1", netns: "k1/host", argv: [], at: "" }, line: 1 };
const MAC = "5a:87:1e:df:7a:63";

function veth(name: string, index: number, peerIndex: number, peerNetns: Link["peerNetns"], mac = MAC): Link {
  return {
    name,
    index,
    kind: "veth",
    flags: ["UP"],
    up: true,
    carrier: true,
    mtu: 1500,
    mac,
    master: null,
    peerIndex,
    peerNetns,
    lower: null,
    addresses: [],
    vxlan: null,
    tunnel: null,
    vlanId: null,
    bridge: null,
    port: null,
    xdp: false,
    qdisc: null,
    because,
  };
}

const pod: Pod = {
  namespace: "a",
  name: "web",
  node: "k1",
  phase: "Running",
  ready: true,
  hostNetwork: false,
  ips: [ip("10.42.0.3")],
  labels: {},
  containers: [],
};

function hostWith(link: Link, neighbourMac?: string): Netns {
  const host = unreadNetns({ id: "k1/host", node: "k1", name: "host" }, "x");
  const neighbours = neighbourMac
    ? known([{ ip: ip("10.42.0.3"), dev: link.name, mac: neighbourMac, state: "STALE", proxy: false, because }])
    : host.neighbours;
  return { ...host, links: known([link]), neighbours };
}

const TWO =
  "self 1\naddress 20 /proc/7/ns/net 10.42.0.3\naddress 30 /proc/8/ns/net 10.42.0.3\naddress 1 /proc/1/ns/net 10.42.0.3\n";

function choose(text: string, host: Netns, links: Record<string, Link[]>) {
  const survey = parseSurvey(text);
  const [candidate] = holdersOf([pod], survey);
  if (candidate === undefined) throw new Error("no candidate");
  return choosePod(candidate, host, survey, (holder) => links[holder.inode] ?? []);
}

test("two that fit alike are not guessed at", () => {
  const host = hostWith(veth("v1", 5, 2, { netnsid: 0 }));
  const same = { 20: [veth("eth0", 2, 5, { netnsid: 0 })], 30: [veth("eth0", 2, 5, { netnsid: 0 })] };
  const choice = choose(TWO, host, same);
  expect("why" in choice ? said(choice.why) : null).toContain("2 network namespaces hold 10.42.0.3");
});

test("the one whose peer is here, then the one that a name leads to, then the one whose MAC is known here", () => {
  const host = hostWith(veth("v1", 5, 2, { netnsid: 0 }));
  const byIndex = { 20: [veth("eth0", 2, 5, { netnsid: 0 })], 30: [veth("eth0", 2, 6, { netnsid: 0 })] };
  expect(choose(TWO, host, byIndex)).toMatchObject({ holder: { inode: "20" } });
  const byName = { 20: [veth("eth0", 2, 5, { name: "other" })], 30: [veth("eth0", 2, 5, { name: "mine" })] };
  expect(choose(`named /run/netns/mine 1\nnamed /run/netns/other 9\n${TWO}`, host, byName)).toMatchObject({
    holder: { inode: "30" },
  });
  const byMac = {
    20: [veth("eth0", 2, 5, { netnsid: 0 }, "02:00:00:00:00:01")],
    30: [veth("eth0", 2, 5, { netnsid: 0 })],
  };
  expect(choose(TWO, hostWith(veth("v1", 5, 2, { netnsid: 0 }), MAC), byMac)).toMatchObject({
    holder: { inode: "30" },
  });
});

test("a lone one that hangs on another machine's veth is not this pod's", () => {
  const one = "self 1\naddress 20 /proc/7/ns/net 10.42.0.3\n";
  const host = hostWith(veth("v1", 5, 2, { netnsid: 0 }));
  const alone = choose(one, host, { 20: [veth("eth0", 2, 9, { netnsid: 0 })] });
  expect("why" in alone ? said(alone.why) : null).toContain("not wired to this node");
  const none = choose("self 1\n", host, {});
  expect("why" in none ? said(none.why) : null).toContain("no network namespace of this node holds 10.42.0.3");
});

test("a name outlives a process, so the namespace is entered by its name", () => {
  const [candidate] = holdersOf([pod], parseSurvey("address 20 /proc/7/ns/net 10.42.0.3\nnamed /run/netns/cni-1 20\n"));
  expect(candidate?.holders).toEqual([{ inode: "20", path: "/run/netns/cni-1" }]);
});
