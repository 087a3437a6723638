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
    truths: ({ near, backend }) => only(`\\S+ ${near.name} .*${backend.address}.*`),
  },
  {
    id: "what comes from pods is prohibited by a policy rule",
    cni: "calico",
    inject: ({ far, backend }) => [on(far.netns, `ip rule add from ${backend.address} prohibit pref 100`)],
    revert: ({ far }) => [on(far.netns, "ip rule del pref 100")],
    truths: ({ far }) => only(`policy-rule-\\S+ ${far.name} ip rule 100`),
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
