import { on, only, type UnlistedFault } from "./unlisted-fault.ts";

export const ROUTE_FAULTS: readonly UnlistedFault[] = [
  {
    id: "more specific route to a third node",
    cni: "calico",
    inject: ({ near, backend, tunnel, plan }) => [
      on(near.netns, `ip route add ${backend.address}/32 via ${plan.nodes.at(-1)?.tunnelAddress} dev ${tunnel} onlink`),
    ],
    revert: ({ near, backend }) => [on(near.netns, `ip route del ${backend.address}/32`)],
    // The third node sees half of every connection, so its payload is INVALID there.
    truths: ({ near, backend, plan }) =>
      only(
        `wrong-route ${near.name} route ${backend.address}/32 table main`,
        `forward-drop ${plan.nodes.at(-1)?.name} rule iptables-nft:filter/KUBE-FORWARD#1`,
      ),
  },
  {
    id: "two nodes send it to each other until its TTL is used up",
    cni: "flannel",
    inject: ({ near, far, tunnel, plan }) => [
      on(near.netns, `ip route replace ${far.podCidr} via ${plan.nodes.at(-1)?.tunnelAddress} dev ${tunnel} onlink`),
      on(
        plan.nodes.at(-1)?.netns ?? "",
        `ip route replace ${far.podCidr} via ${near.tunnelAddress} dev ${tunnel} onlink`,
      ),
    ],
    revert: ({ near, far, tunnel, plan }) =>
      [near.netns, plan.nodes.at(-1)?.netns ?? ""].map((netns) =>
        on(netns, `ip route replace ${far.podCidr} via ${far.tunnelAddress} dev ${tunnel} onlink`),
      ),
    truths: ({ near, far, plan }) =>
      only(`wrong-route (${near.name}|${plan.nodes.at(-1)?.name}) route ${far.podCidr} table main`),
  },
  {
    id: "policy rule with a blackhole for one pod",
    cni: "flannel",
    inject: ({ far, backend }) => [on(far.netns, `ip rule add to ${backend.address} blackhole pref 100`)],
    revert: ({ far }) => [on(far.netns, "ip rule del pref 100")],
    truths: ({ far }) => only(`policy-rule-\\S+ ${far.name} ip rule 100`),
  },
  {
    id: "the policy rule that leads to main is gone",
    cni: "flannel",
    inject: ({ far }) => [on(far.netns, "ip rule del pref 32766")],
    revert: ({ far }) => [on(far.netns, "ip rule add pref 32766 lookup main")],
    truths: ({ far }) => only(`policy-rule-missing ${far.name} ip rule 32766`),
  },
  {
    id: "policy rule leads pods' traffic into a VPN's table",
    cni: "calico",
    inject: ({ far, gateway }) => [
      on(
        far.netns,
        "ip route add default via 192.168.6.1 dev eth0 table 51820",
        `ip rule add to ${gateway.address} lookup 51820 pref 90`,
      ),
    ],
    revert: ({ far }) => [on(far.netns, "ip rule del pref 90", "ip route flush table 51820")],
    truths: ({ far }) =>
      only(`policy-rule-\\S+ ${far.name} ip rule 90`, `wrong-route ${far.name} route (default|0.0.0.0/0) table 51820`),
  },
  {
    id: "a next hop that nobody has, and that nobody was sent to before",
    cni: "calico",
    inject: ({ near, backend }) => [on(near.netns, `ip route add ${backend.address}/32 via 192.168.6.99 dev eth0`)],
    revert: ({ near, backend }) => [on(near.netns, `ip route del ${backend.address}/32`)],
    truths: ({ near, backend }) => only(`wrong-route ${near.name} route ${backend.address}/32 table main`),
  },
  {
    id: "a host on the pod's own subnet mask: the pod takes all pods for neighbours",
    cni: "flannel",
    inject: ({ backend }) => [
      on(
        backend.netns,
        "ip route del 10.42.0.0/16",
        `ip route replace 10.42.0.0/16 dev eth0 scope link src ${backend.address}`,
      ),
    ],
    revert: ({ backend, far }) => [
      on(backend.netns, `ip route replace 10.42.0.0/16 via ${far.podCidr.replace(/0\/24$/, "1")} dev eth0`),
    ],
    truths: ({ far }) => only(`(wrong-route|pod-no-default-route) ${far.name} route \\S+ table main`),
  },
  {
    id: "the near node holds the pod's address for its own",
    cni: "flannel",
    inject: ({ near, backend }) => [on(near.netns, `ip address add ${backend.address}/32 dev lo`)],
    revert: ({ near, backend }) => [on(near.netns, `ip address del ${backend.address}/32 dev lo`)],
    truths: ({ backend }) => only(`duplicate-pod-ip null address ${backend.address}`),
  },
  {
    id: "the far node holds the pod's address for its own",
    cni: "calico",
    inject: ({ far, backend }) => [on(far.netns, `ip address add ${backend.address}/32 dev lo`)],
    revert: ({ far, backend }) => [on(far.netns, `ip address del ${backend.address}/32 dev lo`)],
    truths: ({ backend }) => only(`duplicate-pod-ip null address ${backend.address}`),
  },
  {
    id: "a local route takes the pod's packets on the far node",
    cni: "flannel",
    inject: ({ far, backend }) => [on(far.netns, `ip route add local ${backend.address} dev lo table local`)],
    revert: ({ far, backend }) => [on(far.netns, `ip route del local ${backend.address} dev lo table local`)],
    truths: ({ backend }) => only(`duplicate-pod-ip null address ${backend.address}`),
  },
  {
    id: "the way back alone leads to the LAN's router",
    cni: "flannel",
    inject: ({ far, gateway }) => [on(far.netns, `ip route add ${gateway.address}/32 via 192.168.6.1 dev eth0`)],
    revert: ({ far, gateway }) => [on(far.netns, `ip route del ${gateway.address}/32`)],
    truths: ({ far, gateway }) => only(`wrong-route ${far.name} route ${gateway.address}/32 table main`),
  },
  {
    id: "the near node sends to the far one by the LAN's router",
    cni: "flannel",
    inject: ({ near, far }) => [on(near.netns, `ip route add ${far.address}/32 via 192.168.6.1 dev eth0`)],
    revert: ({ near, far }) => [on(near.netns, `ip route del ${far.address}/32`)],
    truths: ({ near, far }) => only(`wrong-route ${near.name} route ${far.address}/32 table main`),
  },
  {
    id: "a policy rule leads the tunnel's packets into a table with a default route alone",
    cni: "calico",
    inject: ({ near, far }) => [
      on(
        near.netns,
        "ip route add default via 192.168.6.1 dev eth0 table 100",
        `ip rule add to ${far.address} lookup 100 pref 100`,
      ),
    ],
    revert: ({ near }) => [on(near.netns, "ip rule del pref 100", "ip route flush table 100")],
    truths: ({ near }) =>
      only(`policy-rule-\\S+ ${near.name} ip rule 100`, `wrong-route ${near.name} route (default|0.0.0.0/0) table 100`),
  },
  {
    id: "what comes from the pod goes by a table with a default route alone",
    cni: "flannel",
    inject: ({ far, backend }) => [
      on(
        far.netns,
        "ip route add default via 192.168.6.1 dev eth0 table 100",
        `ip rule add from ${backend.address} lookup 100 pref 100`,
      ),
    ],
    revert: ({ far }) => [on(far.netns, "ip rule del pref 100", "ip route flush table 100")],
    truths: ({ far }) =>
      only(`policy-rule-\\S+ ${far.name} ip rule 100`, `wrong-route ${far.name} route (default|0.0.0.0/0) table 100`),
  },
  {
    id: "a mark leads into a table without a way",
    cni: "calico",
    inject: ({ near }) => [
      on(
        near.netns,
        "iptables-nft -t mangle -I PREROUTING -p tcp --dport 80 -j MARK --set-mark 0x77",
        "ip route add unreachable default table 777",
        "ip rule add fwmark 0x77 lookup 777 pref 70",
      ),
    ],
    revert: ({ near }) => [
      on(near.netns, "iptables-nft -t mangle -D PREROUTING 1", "ip rule del pref 70", "ip route flush table 777"),
    ],
    truths: ({ near }) =>
      only(
        `policy-rule-\\S+ ${near.name} ip rule 70`,
        `(unreachable-route|wrong-route) ${near.name} route (default|0.0.0.0/0) table 777`,
        `rule-drops ${near.name} rule iptables-nft:mangle/PREROUTING#1`,
      ),
  },
  {
    id: "what comes from pods is prohibited by a policy rule",
    cni: "calico",
    inject: ({ far, backend }) => [on(far.netns, `ip rule add from ${backend.address} prohibit pref 100`)],
    revert: ({ far }) => [on(far.netns, "ip rule del pref 100")],
    truths: ({ far }) => only(`policy-rule-\\S+ ${far.name} ip rule 100`),
  },
  {
    id: "the network of a bridge of one's own covers pods of another node",
    cni: "flannel",
    inject: ({ near, backend }) => [
      on(
        near.netns,
        "ip link add docker0 type bridge",
        `ip address add ${backend.address.replace(/\.\d+$/, ".14")}/28 dev docker0`,
        "ip link set docker0 up",
      ),
    ],
    revert: ({ near }) => [on(near.netns, "ip link del docker0")],
    truths: ({ near, backend }) =>
      only(`wrong-route ${near.name} route ${backend.address.replace(/\.\d+$/, ".0")}/28 table main`),
  },
  {
    id: "a multipath route has a next hop that nobody is",
    cni: "calico",
    inject: ({ near, far, backend, tunnel }) => [
      on(
        near.netns,
        `ip route add ${backend.address}/32 nexthop via ${far.tunnelAddress} dev ${tunnel} onlink weight 1 nexthop via 192.168.6.99 dev eth0 weight 200`,
      ),
    ],
    revert: ({ near, backend }) => [on(near.netns, `ip route del ${backend.address}/32`)],
    truths: ({ near, backend }) => only(`wrong-route ${near.name} route ${backend.address}/32 table main`),
  },
  {
    id: "a next hop object is a black hole",
    cni: "calico",
    inject: ({ near, backend }) => [
      on(near.netns, "ip nexthop add id 55 blackhole", `ip route add ${backend.address}/32 nhid 55`),
    ],
    revert: ({ near }) => [on(near.netns, "ip nexthop del id 55")],
    truths: ({ near, backend }) => only(`blackhole-route ${near.name} route ${backend.address}/32 table main`),
  },
  {
    id: "a route throws the pod out of the table",
    cni: "calico",
    inject: ({ near, backend }) => [on(near.netns, `ip route add throw ${backend.address}/32`)],
    revert: ({ near, backend }) => [on(near.netns, `ip route del throw ${backend.address}/32`)],
    truths: ({ near, backend }) => only(`wrong-route ${near.name} route ${backend.address}/32 table main`),
  },
  {
    id: "IPsec's policy lets nothing out to the pod",
    cni: "flannel",
    inject: ({ near, backend }) => [
      on(near.netns, `ip xfrm policy add dir out dst ${backend.address}/32 action block`),
    ],
    revert: ({ near, backend }) => [on(near.netns, `ip xfrm policy delete dir out dst ${backend.address}/32`)],
    truths: () => [],
  },
];
