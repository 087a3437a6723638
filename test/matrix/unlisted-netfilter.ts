import { serviceOf } from "../../src/lab/plan.ts";
import { on, only, type UnlistedFault } from "./unlisted-fault.ts";

/** In every tool and table that can hold a drop, and what else rules can do to a packet. */
export const NETFILTER_FAULTS: readonly UnlistedFault[] = [
  {
    id: "who came a moment ago is dropped",
    cni: "calico",
    inject: ({ far, backend }) => [
      on(
        far.netns,
        `iptables-nft -I FORWARD 1 -d ${backend.address} -p tcp -m conntrack --ctstate NEW -m recent --update --seconds 60 --name knock -j DROP`,
        `iptables-nft -I FORWARD 2 -d ${backend.address} -p tcp -m conntrack --ctstate NEW -m recent --set --name knock`,
      ),
    ],
    revert: ({ far }) => [on(far.netns, "iptables-nft -D FORWARD 1", "iptables-nft -D FORWARD 1")],
    truths: ({ far }) => only(`forward-drop ${far.name} rule iptables-nft:filter/FORWARD#1`),
  },
  {
    id: "the firewall was made anew: what is not of a connection that stands is rejected",
    cni: "calico",
    inject: ({ far }) => [
      on(
        far.netns,
        "iptables-nft -F FORWARD",
        "iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "iptables-nft -A FORWARD -j REJECT --reject-with icmp-host-prohibited",
      ),
    ],
    revert: ({ far }) => [on(far.netns, "iptables-nft -F FORWARD")],
    truths: ({ far }) => only(`forward-reject ${far.name} rule iptables-nft:filter/FORWARD#2`),
  },
  {
    id: "native nft table drops in a forward chain of a later priority",
    cni: "flannel",
    inject: ({ far, backend }) => [
      on(
        far.netns,
        "nft add table inet guard",
        "nft add chain inet guard block '{ type filter hook forward priority 10; policy accept; }'",
        `nft add rule inet guard block ip daddr ${backend.address} tcp dport 8080 drop`,
      ),
    ],
    revert: ({ far }) => [on(far.netns, "nft delete table inet guard")],
    truths: ({ far }) => only(`forward-drop ${far.name} rule nft:guard/block#1`),
  },
  {
    id: "nft set of blocked addresses holds the gateway",
    cni: "flannel",
    inject: ({ far, gateway }) => [
      on(
        far.netns,
        "nft add table ip ban",
        "nft add set ip ban bad '{ type ipv4_addr; flags interval; }'",
        `nft add element ip ban bad '{ 198.51.100.0/24, ${gateway.address} }'`,
        "nft add chain ip ban pre '{ type filter hook prerouting priority -150; }'",
        "nft add rule ip ban pre ip saddr @bad drop",
      ),
    ],
    revert: ({ far }) => [on(far.netns, "nft delete table ip ban")],
    truths: ({ far }) => only(`(rule-drops|forward-drop) ${far.name} rule nft:ban/pre#1`),
  },
  {
    id: "mangle PREROUTING drops on the tunnel's device",
    cni: "calico",
    inject: ({ far, tunnel }) => [
      on(far.netns, `iptables-nft -t mangle -I PREROUTING -i ${tunnel} -p tcp --dport 8080 -j DROP`),
    ],
    revert: ({ far }) => [on(far.netns, "iptables-nft -t mangle -D PREROUTING 1")],
    truths: ({ far }) => only(`rule-drops ${far.name} rule iptables-nft:mangle/PREROUTING#1`),
  },
  {
    id: "raw PREROUTING drops by the MAC address of the other tunnel's end",
    cni: "flannel",
    inject: ({ far, near, tunnel }) => [
      on(far.netns, `iptables-nft -t raw -I PREROUTING -i ${tunnel} -m mac --mac-source ${near.tunnelMac} -j DROP`),
    ],
    revert: ({ far }) => [on(far.netns, "iptables-nft -t raw -D PREROUTING 1")],
    truths: ({ far }) => only(`rule-drops ${far.name} rule iptables-nft:raw/PREROUTING#1`),
  },
  {
    id: "one rule marks what another drops",
    cni: "flannel",
    inject: ({ far, backend }) => [
      on(
        far.netns,
        `iptables-nft -t mangle -I FORWARD -p tcp -d ${backend.address} -j MARK --set-xmark 0x8000/0x8000`,
        "iptables-nft -t mangle -A POSTROUTING -m mark --mark 0x8000/0x8000 -j DROP",
      ),
    ],
    revert: ({ far }) => [
      on(
        far.netns,
        "iptables-nft -t mangle -D FORWARD 1",
        "iptables-nft -t mangle -D POSTROUTING -m mark --mark 0x8000/0x8000 -j DROP",
      ),
    ],
    truths: ({ far }) =>
      only(
        `(rule-drops|forward-drop) ${far.name} rule iptables-nft:mangle/FORWARD#1`,
        `(rule-drops|forward-drop) ${far.name} rule iptables-nft:mangle/POSTROUTING#\\d+`,
      ),
  },
  {
    id: "INPUT's policy is DROP, and nothing but TCP is accepted",
    cni: "flannel",
    inject: ({ far }) => [on(far.netns, "iptables-nft -A INPUT -p tcp -j ACCEPT", "iptables-nft -P INPUT DROP")],
    revert: ({ far }) => [on(far.netns, "iptables-nft -P INPUT ACCEPT", "iptables-nft -D INPUT -p tcp -j ACCEPT")],
    truths: ({ far }) => only(`vxlan-udp-blocked ${far.name} policy iptables-nft:filter/INPUT`),
  },
  {
    id: "raw PREROUTING drops the node port",
    cni: "flannel",
    inject: ({ near }) => [on(near.netns, "iptables-nft -t raw -I PREROUTING -p tcp --dport 30007 -j DROP")],
    revert: ({ near }) => [on(near.netns, "iptables-nft -t raw -D PREROUTING 1")],
    truths: ({ near }) => only(`rule-drops ${near.name} rule iptables-nft:raw/PREROUTING#1`),
  },
  {
    id: "raw PREROUTING drops inside the pod",
    cni: "calico",
    inject: ({ backend }) => [on(backend.netns, "iptables-nft -t raw -I PREROUTING -p tcp --dport 8080 -j DROP")],
    revert: ({ backend }) => [on(backend.netns, "iptables-nft -t raw -D PREROUTING 1")],
    truths: ({ far }) => only(`pod-iptables-drop ${far.name} rule iptables-nft:raw/PREROUTING#1`),
  },
  {
    id: "FORWARD's policy is DROP and the CNI's accepts are gone",
    cni: "flannel",
    inject: ({ far, plan }) => [
      on(
        far.netns,
        "iptables-nft -P FORWARD DROP",
        `iptables-nft -D FORWARD -s ${plan.clusterCidr} -j ACCEPT`,
        `iptables-nft -D FORWARD -d ${plan.clusterCidr} -j ACCEPT`,
      ),
    ],
    revert: ({ far, plan }) => [
      on(
        far.netns,
        `iptables-nft -A FORWARD -s ${plan.clusterCidr} -j ACCEPT`,
        `iptables-nft -A FORWARD -d ${plan.clusterCidr} -j ACCEPT`,
        "iptables-nft -P FORWARD ACCEPT",
      ),
    ],
    truths: ({ far }) =>
      only(`(forward-drop|rule-missing) ${far.name} (rule|chain|policy) iptables-nft:filter/FORWARD.*`),
  },
  {
    id: "a rule returns before the CNI's accepts, under a policy that drops",
    cni: "flannel",
    inject: ({ far, backend }) => [
      on(far.netns, "iptables-nft -P FORWARD DROP", `iptables-nft -I FORWARD -d ${backend.address} -j RETURN`),
    ],
    revert: ({ far }) => [on(far.netns, "iptables-nft -D FORWARD 1", "iptables-nft -P FORWARD ACCEPT")],
    truths: ({ far }) =>
      only(
        `(rule-drops|forward-drop) ${far.name} (rule iptables-nft:filter/FORWARD#1|policy iptables-nft:filter/FORWARD)`,
      ),
  },
  {
    id: "the far node's set of VXLAN peers lacks the near node",
    cni: "calico",
    inject: ({ far, near }) => [on(far.netns, `ipset del cali40all-vxlan-net ${near.address}`)],
    revert: ({ far, near }) => [on(far.netns, `ipset add cali40all-vxlan-net ${near.address}`)],
    truths: ({ far, near }) => only(`ipset-entry-missing ${far.name} ipset cali40all-vxlan-net entry ${near.address}`),
  },
  {
    id: "an ipset of banned addresses that all nodes ask holds the gateway on one of them",
    cni: "calico",
    inject: ({ plan, far, gateway }) => [
      ...plan.nodes.map(({ netns }) =>
        on(
          netns,
          "ipset create banned hash:net",
          "ipset add banned 198.51.100.0/24",
          "iptables-nft -I FORWARD -m set --match-set banned src -j DROP",
        ),
      ),
      on(far.netns, `ipset add banned ${gateway.address}`),
    ],
    revert: ({ plan }) => plan.nodes.map(({ netns }) => on(netns, "iptables-nft -D FORWARD 1", "ipset destroy banned")),
    truths: ({ far, gateway }) => only(`ipset-entry-foreign ${far.name} ipset banned entry ${gateway.address}`),
  },
  {
    id: "conntrack zone of its own for what comes back by the tunnel",
    cni: "flannel",
    inject: ({ near, tunnel }) => [on(near.netns, `iptables-nft -t raw -I PREROUTING -i ${tunnel} -j CT --zone 5`)],
    revert: ({ near }) => [on(near.netns, "iptables-nft -t raw -D PREROUTING 1")],
    truths: ({ near }) => only(`\\S+ ${near.name} rule iptables-nft:raw/PREROUTING#1`),
  },
  {
    id: "the cluster IP is exempt from connection tracking",
    cni: "flannel",
    inject: ({ near, plan }) => [
      on(near.netns, `iptables-nft -t raw -I PREROUTING -d ${serviceOf(plan, "backend").clusterIp} -j CT --notrack`),
    ],
    revert: ({ near }) => [on(near.netns, "iptables-nft -t raw -D PREROUTING 1")],
    truths: ({ near }) => only(`\\S+ ${near.name} rule iptables-nft:raw/PREROUTING#1`),
  },
  {
    id: "the TTL is set to 1 on arrival",
    cni: "calico",
    inject: ({ far, tunnel }) => [
      on(far.netns, `iptables-nft -t mangle -A PREROUTING -i ${tunnel} -j TTL --ttl-set 1`),
    ],
    revert: ({ far, tunnel }) => [
      on(far.netns, `iptables-nft -t mangle -D PREROUTING -i ${tunnel} -j TTL --ttl-set 1`),
    ],
    truths: ({ far }) => only(`\\S+ ${far.name} rule iptables-nft:mangle/PREROUTING#\\d+`),
  },
  {
    id: "kube-proxy's DNAT rule for the backend is gone",
    cni: "flannel",
    inject: ({ near, backend }) => [on(near.netns, shell(`nft delete rule ip nat ${dnatRule(backend.address)}`))],
    revert: ({ near, backend }) => [
      on(
        near.netns,
        shell(
          `iptables-nft -t nat -A $(${chainOf(backend.address)}) -p tcp -m comment --comment default/backend:http -m tcp -j DNAT --to-destination ${backend.address}:8080`,
        ),
      ),
    ],
    truths: ({ near }) => only(`\\S+ ${near.name} (rule|chain) .*KUBE-(SEP|SVC).*`),
  },
  {
    id: "kube-proxy's DNAT rule names a wrong port",
    cni: "flannel",
    inject: ({ near, backend }) => [
      on(
        near.netns,
        shell(
          `c=$(${chainOf(backend.address)}); iptables-nft -t nat -I $c 1 -p tcp -j DNAT --to-destination ${backend.address}:8081`,
        ),
      ),
    ],
    revert: ({ near, backend }) => [
      on(
        near.netns,
        shell(
          `c=$(${chainOf(backend.address)}); iptables-nft -t nat -D $c -p tcp -j DNAT --to-destination ${backend.address}:8081`,
        ),
      ),
    ],
    truths: ({ near }) => only(`\\S+ ${near.name} (rule|chain) .*KUBE-(SEP|SVC).*`),
  },
  {
    id: "kube-proxy's DNAT rule names an address that nobody has",
    cni: "calico",
    inject: ({ near, backend }) => [
      on(
        near.netns,
        shell(
          `c=$(${chainOf(backend.address)}); iptables-nft -t nat -I $c 1 -p tcp -j DNAT --to-destination ${nobodyNear(backend.address)}:8080`,
        ),
      ),
    ],
    revert: ({ near, backend }) => [
      on(
        near.netns,
        shell(
          `c=$(${chainOf(backend.address)}); iptables-nft -t nat -D $c -p tcp -j DNAT --to-destination ${nobodyNear(backend.address)}:8080`,
        ),
      ),
    ],
    truths: ({ near }) => only(`\\S+ ${near.name} (rule|chain) .*KUBE-(SEP|SVC).*`),
  },
];

/** The chain of one endpoint, whose name is a hash. */
function chainOf(address: string): string {
  return `iptables-nft-save -t nat | sed -n "s/^-A KUBE-SVC-.*-> ${address}:8080.* -j \\(KUBE-SEP-[A-Z0-9]*\\)$/\\1/p" | head -n 1`;
}

function dnatRule(address: string): string {
  return `$(${chainOf(address)}) handle $(nft -a list chain ip nat $(${chainOf(address)}) | sed -n "s/.*dnat to.* handle //p")`;
}

function shell(script: string): string {
  return `sh -c '${script}'`;
}

/** Another address of the same block, which no pod has. */
function nobodyNear(address: string): string {
  return address.replace(/\d+$/, (last) => String(Number(last) + 20));
}
