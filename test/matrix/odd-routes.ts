import { backendPod, everyNode, far, near, type OddSetting } from "./odd-setting.ts";
import { only, type Scene } from "./unlisted-fault.ts";

/** Nobody has this address. */
const DEAD_ROUTER = "192.168.6.2";

export const ODD_ROUTES: readonly OddSetting[] = [
  {
    id: "a blackhole route",
    cni: "calico",
    set: (prefix) => [`ip route add blackhole ${prefix}`],
    unset: (prefix) => [`ip route del blackhole ${prefix}`],
    beside: { where: everyNode, word: "10.99.0.0/16" },
    onPath: {
      where: far,
      word: ({ gateway }) => `${gateway.address}/32`,
      truths: ({ far, gateway }) => only(`blackhole-route ${far.name} route ${gateway.address}/32 table main`),
    },
  },
  {
    id: "an unreachable route",
    cni: "flannel",
    set: (prefix) => [`ip route add unreachable ${prefix}`],
    unset: (prefix) => [`ip route del unreachable ${prefix}`],
    beside: { where: everyNode, word: "100.64.0.0/10" },
    onPath: {
      where: near,
      word: ({ backend }) => `${backend.address}/32`,
      truths: ({ near, backend }) => only(`unreachable-route ${near.name} route ${backend.address}/32 table main`),
    },
  },
  {
    id: "the table of a dead VPN, and a rule that leads there",
    cni: "flannel",
    set: (selector) => ["ip route add blackhole default table 51820", `ip rule add ${selector} lookup 51820 pref 90`],
    unset: () => ["ip rule del pref 90", "ip route flush table 51820"],
    beside: { where: everyNode, word: "fwmark 0x7777" },
    onPath: {
      where: far,
      word: ({ gateway }) => `to ${gateway.address}`,
      truths: ({ far }) =>
        only(
          `policy-rule-\\S+ ${far.name} ip rule 90`,
          `blackhole-route ${far.name} route (default|0.0.0.0/0) table 51820`,
        ),
    },
  },
  {
    id: "a rule leads all to a table that has one route",
    cni: "calico",
    set: (prefix) => [`ip route add prohibit ${prefix} table 200`, "ip rule add lookup 200 pref 100"],
    unset: () => ["ip rule del pref 100", "ip route flush table 200"],
    beside: { where: everyNode, word: "10.99.0.0/16" },
    onPath: {
      where: near,
      word: ({ backend }) => `${backend.address}/32`,
      truths: ({ near, backend }) =>
        only(
          `policy-rule-\\S+ ${near.name} ip rule 100`,
          `\\S+-route ${near.name} route ${backend.address}/32 table 200`,
        ),
    },
  },
  {
    id: "a rule leads to an empty table",
    cni: "flannel",
    set: (action) => [`ip rule add pref 110 ${action}`],
    unset: () => ["ip rule del pref 110"],
    beside: { where: everyNode, word: "lookup 201" },
    onPath: {
      where: far,
      word: ({ backend }) => `to ${backend.address} prohibit`,
      truths: ({ far }) => only(`policy-rule-\\S+ ${far.name} ip rule 110`),
    },
  },
  {
    id: "a route by a router that is no more",
    cni: "flannel",
    set: (prefix) => [`ip route add ${prefix} via ${DEAD_ROUTER} dev eth0 metric 500`],
    unset: (prefix) => [`ip route del ${prefix} via ${DEAD_ROUTER} dev eth0 metric 500`],
    beside: { where: everyNode, word: "default" },
    onPath: {
      where: near,
      word: ({ backend }) => `${backend.address}/32`,
      truths: ({ near, backend }) => only(`wrong-route ${near.name} route ${backend.address}/32 table main`),
    },
  },
  {
    id: "a second way to another node's pods, by a third node and of a higher metric",
    cni: "calico",
    set: (prefix, scene) => [`ip route add ${prefix} ${byThird(scene)} metric 900`],
    unset: (prefix, scene) => [`ip route del ${prefix} ${byThird(scene)} metric 900`],
    beside: { where: near, word: ({ far }) => far.podCidr },
    onPath: {
      where: near,
      word: ({ backend }) => `${backend.address}/32`,
      // The third node sees half of every connection, so its payload is INVALID there.
      truths: ({ near, backend, plan }) =>
        only(
          `wrong-route ${near.name} route ${backend.address}/32 table main`,
          `forward-drop ${plan.nodes.at(-1)?.name} rule iptables-nft:filter/KUBE-FORWARD#1`,
        ),
    },
  },
  {
    id: "the pod sends a prefix nowhere",
    cni: "calico",
    set: (prefix) => [`ip route add throw 10.98.0.0/16`, `ip route add blackhole ${prefix}`],
    unset: (prefix) => [`ip route del throw 10.98.0.0/16`, `ip route del blackhole ${prefix}`],
    beside: { where: backendPod, word: "10.99.0.0/16" },
    onPath: {
      where: backendPod,
      word: ({ gateway }) => `${gateway.address}/32`,
      truths: ({ far, gateway }) => only(`blackhole-route ${far.name} route ${gateway.address}/32 table main`),
    },
  },
];

function byThird({ plan, tunnel }: Scene): string {
  return `via ${plan.nodes.at(-1)?.tunnelAddress} dev ${tunnel} onlink`;
}
