import { expect, test } from "vitest";
import { ip, prefix } from "../../facts/ip.ts";
import type { Link, Netns } from "../../facts/netns.ts";
import { known, netnsId } from "../../facts/provenance.ts";
import { unreadNetns } from "./read-netns.ts";
import { findWires } from "./wires.ts";

const because = { source: { node: "k1", netns: "k1/host", argv: [], at: "" }, line: 1 };

function link(name: string, index: number, kind: string, more: Partial<Link> = {}, address?: string): Link {
  const addresses =
    address === undefined
      ? []
      : [{ ip: ip(address.split("/")[0] ?? ""), prefix: prefix(address), scope: "global", secondary: false, because }];
  return {
    name,
    index,
    kind,
    addresses,
    flags: ["UP"],
    up: true,
    carrier: true,
    mtu: 1500,
    mac: null,
    master: null,
    peerIndex: null,
    peerNetns: null,
    lower: null,
    vxlan: null,
    tunnel: null,
    vlanId: null,
    bridge: null,
    port: null,
    xdp: false,
    qdisc: null,
    because,
    ...more,
  };
}

const away = (peerIndex: number, netnsid = 0) => ({ peerIndex, peerNetns: { netnsid } });

function netns(node: string, name: string, ...links: Link[]): Netns {
  return { ...unreadNetns({ id: netnsId(node, name), node, name }, "x"), links: known(links) };
}

test("a veth whose ends do not name each other is no pair", () => {
  const host = netns("k1", "host", link("veth1", 5, "veth", away(2)));
  const stranger = netns("k1", "pod:a/b", link("eth0", 3, "veth", away(5)));
  const other = netns("k2", "pod:a/c", link("eth0", 2, "veth", away(5)));
  expect(findWires([host, stranger, other])).toEqual([]);
});

test("two pods that claim one veth are told apart by nothing here: neither is joined", () => {
  const host = netns("k1", "host", link("veth1", 5, "veth", away(2)));
  const pods = ["b", "c"].map((name) => netns("k1", `pod:a/${name}`, link("eth0", 2, "veth", away(5))));
  expect(findWires([host, ...pods])).toEqual([]);
});

test("segments: by networks that hold each other, not over tunnels, pods' bridges or the same address everywhere", () => {
  const machine = (node: string, last: number, ...more: Link[]) =>
    netns(
      node,
      "host",
      link("lo", 1, "loopback", {}, "127.0.0.1/8"),
      link("docker0", 9, "bridge", {}, "172.17.0.1/16"),
      link("vethx", 10, "veth", { ...away(2), master: "docker0" }),
      link("wg0", 11, "wireguard", {}, `10.9.0.${last}/24`),
      link("kube-ipvs0", 12, "dummy", {}, "10.43.0.1/16"),
      ...more,
    );
  const k1 = machine("k1", 1, link("eth0", 2, "device", {}, "192.168.6.141/24"));
  const k2 = machine(
    "k2",
    2,
    link("br0", 3, "bridge", {}, "192.168.6.142/16"),
    link("eno1", 2, "device", { master: "br0" }),
  );
  const k3 = machine("k3", 3, link("bond0.5", 7, "vlan", {}, "192.168.7.143/24"));
  expect(findWires([k1, k2, k3])).toEqual([
    {
      kind: "segment",
      ends: [
        { netns: "k1/host", link: "eth0" },
        { netns: "k2/host", link: "eno1" },
      ],
    },
  ]);
});

test("a bridge by which the node sends to routers has its uplink in the one veth that leads to no pod", () => {
  const k1 = netns("k1", "host", link("eth0", 2, "device", {}, "192.168.6.141/24"));
  const bridge = link("br0", 3, "bridge", {}, "192.168.6.142/24");
  const uplink = link("eth0", 2, "veth", { ...away(7, 3), master: "br0" });
  const hop = { via: ip("192.168.6.1"), dev: "br0", weight: 1, flags: [], encap: null };
  const route = {
    type: "unicast",
    dst: prefix("0.0.0.0/0"),
    table: 254,
    metric: 0,
    tos: 0,
    scope: "global",
    protocol: "static",
    src: null,
    nexthops: [hop],
    mtu: null,
    because,
  } as const;
  const ends = (...links: Link[]) => {
    const k2 = { ...netns("k2", "host", bridge, ...links), routes: known([route]) };
    return findWires([k1, k2]).flatMap((wire) => wire.ends.map((end) => `${end.netns} ${end.link}`));
  };
  expect(ends(uplink)).toEqual(["k1/host eth0", "k2/host eth0"]);
  // Of two neither is known to be it; and where the node sends to no router by the bridge, it may be a pod's.
  expect(ends(uplink, link("vethx", 5, "veth", { ...away(2, 4), master: "br0" }))).toEqual([]);
  expect(findWires([k1, netns("k2", "host", bridge, uplink)])).toEqual([]);
});

test("a macvlan's node is on its segment by the link under it as well", () => {
  const k1 = netns("k1", "host", link("eth0", 2, "device", {}, "192.168.6.141/24"));
  const k2 = netns(
    "k2",
    "host",
    link("ens5", 2, "device"),
    link("mv0", 3, "macvlan", { lower: "ens5" }, "192.168.6.142/24"),
  );
  expect(findWires([k1, k2])).toEqual([
    {
      kind: "segment",
      ends: [
        { netns: "k1/host", link: "eth0" },
        { netns: "k2/host", link: "mv0" },
        { netns: "k2/host", link: "ens5" },
      ],
    },
  ]);
});

test("a link that has lost its address is on the segment of a neighbour that still has its MAC", () => {
  const mac = "02:00:00:00:00:02";
  const near = netns("k1", "host", link("eth0", 2, "device", {}, "192.168.6.141/24"));
  const entry = { ip: ip("192.168.6.142"), dev: "eth0", mac, state: "STALE", proxy: false, because };
  const lost = netns(
    "k2",
    "host",
    link("eth0", 2, "device", { mac }),
    link("eth1", 3, "device", { mac: "02:00:00:00:00:09" }),
  );
  const ends = [near, lost].map(({ id }) => ({ netns: id, link: "eth0" }));
  expect(findWires([{ ...near, neighbours: known([entry]) }, lost])).toEqual([{ kind: "segment", ends }]);
  expect(findWires([{ ...near, neighbours: known([{ ...entry, state: "FAILED" }]) }, lost])).toEqual([]);
  const whole = netns(
    "k2",
    "host",
    link("eth0", 2, "device", { mac }),
    link("eth0.10", 3, "vlan", { mac }, "192.168.6.142/24"),
  );
  const tagged = [ends[0], { netns: whole.id, link: "eth0.10" }];
  expect(findWires([{ ...near, neighbours: known([entry]) }, whole])).toEqual([{ kind: "segment", ends: tagged }]);
});
