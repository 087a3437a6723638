import { Dice } from "./dice.ts";
import { Topology } from "./topology.ts";

/** IPv6: two hosts and two routers in a line, fd00:1::/64 to fd00:3::/64; the receiver also has an address of its own. */
export function line6(seed: number): Topology {
  const dice = new Dice(seed * 104729);
  const t = new Topology();
  t.family = 6;
  for (const name of ["a", "r1", "r2", "b"]) t.node(name);
  t.wire("a", "right", "r1", "left");
  t.wire("r1", "right", "r2", "left");
  t.wire("r2", "right", "b", "left");
  t.do("a", "addr add fd00:1::1/64 dev right", "route add default via fd00:1::2");
  t.do("r1", "addr add fd00:1::2/64 dev left", "addr add fd00:2::1/64 dev right");
  t.do("r1", "route add fd00:3::/64 via fd00:2::2", "route add fd00:9::/64 via fd00:2::2");
  t.do("r2", "addr add fd00:2::2/64 dev left", "addr add fd00:3::2/64 dev right");
  t.do("r2", "route add fd00:1::/64 via fd00:2::1", "route add fd00:9::/64 via fd00:3::1");
  t.do("b", "addr add fd00:3::1/64 dev left", "addr add fd00:9::1/128 dev lo", "route add default via fd00:3::2");
  for (const router of ["r1", "r2"]) t.set(router, "net.ipv6.conf.all.forwarding", 1);
  t.from = "a";
  t.to = "b";
  t.address = dice.pick(["fd00:3::1", "fd00:9::1"]);
  const router = dice.pick(["r1", "r2"]);
  const link = dice.pick(["left", "right"]);
  const faults: readonly (() => string)[] = [
    () => "none",
    () => {
      t.set(router, "net.ipv6.conf.all.forwarding", 0);
      return `forwarding off on ${router}`;
    },
    () => {
      t.set(router, `net.ipv6.conf.${link}.forwarding`, 0);
      return `forwarding of ${link} off on ${router}`;
    },
    () => {
      t.run(router, `ip6tables-nft -w -A FORWARD -p ${dice.pick(["tcp", "udp", "ipv6-icmp"])} -j DROP`);
      return `FORWARD drops on ${router}`;
    },
    () => {
      t.run(router, `ip -6 route add ${dice.pick(["blackhole", "unreachable", "prohibit"])} ${t.address}/128 metric 5`);
      return `no way to ${t.address} on ${router}`;
    },
    () => {
      t.run(router, "ip -6 route del fd00:9::/64; ip -6 route del fd00:1::/64 via fd00:2::1 || true");
      return `routes missing on ${router}`;
    },
    () => {
      t.run(router, `ip link set ${link} down`);
      return `${link} down on ${router}`;
    },
    () => {
      t.run("a", `ip6tables-nft -w -t nat -A OUTPUT -d fd00:43::10 -j DNAT --to-destination ${t.address}`);
      t.address = "fd00:43::10";
      return "a Service";
    },
  ];
  t.faults.push(dice.pick(faults)());
  return t;
}
