import { serviceOf } from "../../src/lab/plan.ts";
import { nodeWiring } from "../../src/lab/wiring/node-wiring.ts";
import { getFrom } from "./symptoms.ts";
import type { Scene, Step, UnlistedFault } from "./unlisted-fault.ts";

const WRONG_MAC = "02:00:00:00:00:99";

const on = (netns: string, ...lines: string[]): Step => ({ netns, lines });
const only = (...patterns: string[]) => patterns.map((pattern) => new RegExp(`^${pattern}$`));

/** cBPF for a clsact hook, where a frame begins with its Ethernet header: UDP to 8472 is TC_ACT_SHOT, all else TC_ACT_OK. */
const DROP_VXLAN = "6,48 0 0 23,21 0 3 17,40 0 0 36,21 0 1 8472,6 0 0 2,6 0 0 0";

export const UNLISTED_FAULTS: readonly UnlistedFault[] = [
  // Netfilter, in every tool and table that can hold a drop.
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
    id: "iptables-legacy drops what iptables-nft accepts",
    cni: "flannel",
    inject: ({ far, backend }) => [on(far.netns, `iptables-legacy -I FORWARD -d ${backend.address} -j DROP`)],
    revert: ({ far, backend }) => [on(far.netns, `iptables-legacy -D FORWARD -d ${backend.address} -j DROP`)],
    truths: ({ far }) => only(`forward-drop ${far.name} rule iptables-legacy:filter/FORWARD#1`),
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

  // Routing.
  {
    id: "strict reverse path filtering where the way back is another",
    cni: "flannel",
    inject: ({ near, far }) => [
      on(
        far.netns,
        `ip route replace ${near.podCidr} via ${near.address} dev eth0`,
        "sysctl -q -w net.ipv4.conf.all.rp_filter=1",
      ),
    ],
    revert: ({ near, far, tunnel }) => [
      on(
        far.netns,
        "sysctl -q -w net.ipv4.conf.all.rp_filter=0",
        `ip route replace ${near.podCidr} via ${near.tunnelAddress} dev ${tunnel} onlink`,
      ),
    ],
    truths: ({ near, far }) =>
      only(
        `rp-filter-strict ${far.name} net.ipv4.conf.*.rp_filter`,
        `(wrong-route|no-route-to-pod-cidr) ${far.name} route ${near.podCidr} table main`,
      ),
  },
  {
    id: "blackhole route for one pod",
    cni: "flannel",
    inject: ({ far, backend }) => [on(far.netns, `ip route add blackhole ${backend.address}/32`)],
    revert: ({ far, backend }) => [on(far.netns, `ip route del blackhole ${backend.address}/32`)],
    truths: ({ far, backend }) => only(`blackhole-route ${far.name} route ${backend.address}/32 table main`),
  },
  {
    id: "unreachable route for one pod",
    cni: "calico",
    inject: ({ near, backend }) => [on(near.netns, `ip route add unreachable ${backend.address}/32`)],
    revert: ({ near, backend }) => [on(near.netns, `ip route del unreachable ${backend.address}/32`)],
    truths: ({ near, backend }) => only(`unreachable-route ${near.name} route ${backend.address}/32 table main`),
  },
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
    id: "the pod has no default route",
    cni: "calico",
    inject: ({ backend }) => [on(backend.netns, "ip route del default")],
    revert: ({ backend }) => [on(backend.netns, "ip route add default via 169.254.1.1 dev eth0")],
    truths: ({ far }) => only(`pod-no-default-route ${far.name} route (default|0.0.0.0/0|\\S+) table main`),
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

  // Tunnels and neighbours.
  {
    id: "the tunnel's FDB entry is gone",
    cni: "flannel",
    inject: ({ near, far, tunnel }) => [
      on(near.netns, `bridge fdb del ${far.tunnelMac} dev ${tunnel} dst ${far.address} self`),
    ],
    revert: ({ near, far, tunnel }) => [
      on(near.netns, `bridge fdb replace ${far.tunnelMac} dev ${tunnel} dst ${far.address} self permanent`),
    ],
    truths: ({ near, far, tunnel }) => only(`vxlan-fdb-missing ${near.name} fdb ${far.tunnelMac} dev ${tunnel}`),
  },
  {
    id: "the tunnel's FDB entry names a third node",
    cni: "calico",
    inject: ({ near, far, tunnel, plan }) => [
      on(
        near.netns,
        `bridge fdb replace ${far.tunnelMac} dev ${tunnel} dst ${plan.nodes.at(-1)?.address} self permanent`,
      ),
    ],
    revert: ({ near, far, tunnel }) => [
      on(near.netns, `bridge fdb replace ${far.tunnelMac} dev ${tunnel} dst ${far.address} self permanent`),
    ],
    truths: ({ near, far, tunnel }) => only(`vxlan-fdb-\\S+ ${near.name} fdb ${far.tunnelMac} dev ${tunnel}`),
  },
  {
    id: "the tunnel's neighbour is gone",
    cni: "calico",
    inject: ({ near, far, tunnel }) => [on(near.netns, `ip neigh del ${far.tunnelAddress} dev ${tunnel}`)],
    revert: ({ near, far, tunnel }) => [
      on(near.netns, `ip neigh replace ${far.tunnelAddress} lladdr ${far.tunnelMac} dev ${tunnel} nud permanent`),
    ],
    truths: ({ near, far, tunnel }) =>
      only(`vxlan-neigh-missing ${near.name} neigh ${far.tunnelAddress} dev ${tunnel}`),
  },
  {
    id: "the tunnel's far end has another MAC address than its peers believe",
    cni: "flannel",
    inject: ({ near, far, tunnel }) => [
      on(
        near.netns,
        `ip neigh replace ${far.tunnelAddress} lladdr ${WRONG_MAC} dev ${tunnel} nud permanent`,
        `bridge fdb replace ${WRONG_MAC} dev ${tunnel} dst ${far.address} self permanent`,
      ),
    ],
    revert: ({ near, far, tunnel }) => [
      on(
        near.netns,
        `ip neigh replace ${far.tunnelAddress} lladdr ${far.tunnelMac} dev ${tunnel} nud permanent`,
        `bridge fdb del ${WRONG_MAC} dev ${tunnel} dst ${far.address} self`,
      ),
    ],
    truths: ({ near, far, tunnel }) =>
      only(
        `(vxlan-vtep-mac-mismatch|vxlan-neigh-missing|stale-arp) ${near.name} neigh ${far.tunnelAddress} dev ${tunnel}`,
      ),
  },
  {
    id: "the tunnel's far end was made anew with another VNI",
    cni: "flannel",
    inject: (scene) => [tunnelAnew(scene, 2)],
    revert: (scene) => [tunnelAnew(scene, 1)],
    truths: ({ far, tunnel }) => only(`vxlan-vni-mismatch ${far.name} .*${tunnel}.*`),
  },
  {
    id: "a stale permanent neighbour for the pod",
    cni: "flannel",
    inject: ({ far, backend }) => [
      on(far.netns, `ip neigh replace ${backend.address} lladdr ${WRONG_MAC} dev cni0 nud permanent`),
    ],
    revert: ({ far, backend }) => [on(far.netns, `ip neigh del ${backend.address} dev cni0`)],
    truths: ({ far, backend }) => only(`stale-arp ${far.name} neigh ${backend.address} dev cni0`),
  },
  {
    id: "the node no longer answers for the pod's gateway",
    cni: "calico",
    inject: ({ far, backend }) => [
      on(far.netns, `sysctl -q -w net.ipv4.conf.${backend.hostLink}.proxy_arp=0`),
      on(backend.netns, "ip neigh flush dev eth0"),
    ],
    revert: ({ far, backend }) => [on(far.netns, `sysctl -q -w net.ipv4.conf.${backend.hostLink}.proxy_arp=1`)],
    truths: ({ far, backend }) => only(`sysctl-wrong ${far.name} net.ipv4.conf.${backend.hostLink}.proxy_arp`),
    forget: ({ backend }) => [on(backend.netns, "ip neigh flush dev eth0")],
  },

  // Links and bridges.
  {
    id: "the uplink was shut on the node",
    cni: "flannel",
    inject: ({ far }) => [on(far.netns, "ip link set eth0 down")],
    revert: (scene) => [on(scene.far.netns, "ip link set eth0 up", ...peerLines(scene))],
    truths: ({ far }) => only(`link-down ${far.name} link eth0`),
  },
  {
    id: "the uplink's cable is out",
    cni: "calico",
    inject: ({ lab, far }) => [on(lanOf(lab.clientNetns), `ip link set ${far.name} down`)],
    revert: ({ lab, far }) => [on(lanOf(lab.clientNetns), `ip link set ${far.name} up`)],
    truths: ({ far }) => only("fabric-drop null .*", `link-down ${far.name} link eth0`),
  },
  {
    id: "the switch between the nodes drops the tunnel's packets",
    cni: "flannel",
    inject: ({ lab }) => [
      on(
        lanOf(lab.clientNetns),
        "nft add table bridge acl",
        "nft add chain bridge acl block '{ type filter hook forward priority 0; }'",
        "nft add rule bridge acl block udp dport 8472 drop",
      ),
    ],
    revert: ({ lab }) => [on(lanOf(lab.clientNetns), "nft delete table bridge acl")],
    truths: () => only("fabric-drop null .*"),
  },
  {
    id: "hairpin is off, and a pod calls its own Service",
    cni: "flannel",
    inject: ({ near, gateway }) => [on(near.netns, `bridge link set dev ${gateway.hostLink} hairpin off`)],
    revert: ({ near, gateway }) => [on(near.netns, `bridge link set dev ${gateway.hostLink} hairpin on`)],
    truths: ({ near, gateway }) => only(`hairpin-off ${near.name} link ${gateway.hostLink}.*`),
    symptoms: (scene) => [callFrontendFrom(scene, scene.gateway)],
  },
  {
    id: "bridges do not call iptables, and the Service's pod is on the caller's node",
    cni: "flannel",
    inject: ({ near }) => [on(near.netns, "sysctl -q -w net.bridge.bridge-nf-call-iptables=0")],
    revert: ({ near }) => [on(near.netns, "sysctl -q -w net.bridge.bridge-nf-call-iptables=1")],
    truths: ({ near }) => only(`sysctl-wrong ${near.name} net.bridge.bridge-nf-call-iptables`),
    symptoms: (scene) => {
      const caller = scene.plan.pods.find((pod) => pod.app === "web" && pod.node === scene.near.name);
      return caller === undefined ? [] : [callFrontendFrom(scene, caller)];
    },
  },
  {
    id: "a black hole for larger packets on the tunnel's device",
    cni: "flannel",
    inject: ({ near, gateway, tunnel }) => [
      on(near.netns, `ip link set ${tunnel} mtu 100`),
      on(gateway.netns, "iptables-nft -A INPUT -p icmp --icmp-type fragmentation-needed -j DROP"),
    ],
    revert: ({ near, gateway, tunnel }) => [
      on(near.netns, `ip link set ${tunnel} mtu 1450`),
      on(gateway.netns, "iptables-nft -D INPUT 1", "ip route flush cache"),
    ],
    truths: ({ near, gateway, tunnel }) =>
      only(
        `mtu-black-hole ${near.name} link ${tunnel}`,
        `pod-iptables-drop ${gateway.node} rule iptables-nft:filter/INPUT#1`,
      ),
  },

  // Hooks that no table of rules shows to everybody.
  {
    id: "nft netdev ingress drops on the uplink",
    cni: "flannel",
    inject: ({ far }) => [
      on(
        far.netns,
        "nft add table netdev early",
        "nft add chain netdev early in '{ type filter hook ingress device eth0 priority 0; }'",
        "nft add rule netdev early in udp dport 8472 drop",
      ),
    ],
    revert: ({ far }) => [on(far.netns, "nft delete table netdev early")],
    truths: ({ far }) => only(`(vxlan-udp-blocked|rule-drops) ${far.name} rule nft:early/in#1`),
  },
  {
    id: "tc egress drops the tunnel's packets on the uplink",
    cni: "flannel",
    inject: ({ near }) => [
      on(near.netns, "tc qdisc add dev eth0 clsact", `tc filter add dev eth0 egress bpf da bytecode '${DROP_VXLAN}'`),
    ],
    revert: ({ near }) => [on(near.netns, "tc qdisc del dev eth0 clsact")],
    truths: () => [],
  },
  {
    id: "the tunnel's queue takes nothing",
    cni: "calico",
    inject: ({ far, tunnel }) => [on(far.netns, `tc qdisc add dev ${tunnel} root pfifo limit 0`)],
    revert: ({ far, tunnel }) => [on(far.netns, `tc qdisc del dev ${tunnel} root`)],
    truths: () => [],
  },
];

function callFrontendFrom({ plan }: Scene, caller: { readonly name: string; readonly netns: string }) {
  const url = `http://${serviceOf(plan, "frontend").clusterIp}/healthz`;
  return {
    input: "svc/frontend",
    flags: ["--from", `pod/${caller.name}`],
    try: () => Promise.all(Array.from({ length: 4 }, () => getFrom(caller.netns, url))),
  };
}

function lanOf(clientNetns: string): string {
  return clientNetns.replace(/client$/, "lan");
}

function tunnelAnew(scene: Scene, vni: number): Step {
  const { far, tunnel } = scene;
  const created = `type vxlan id ${vni} local ${far.address} dev eth0 dstport 8472 nolearning`;
  return on(
    far.netns,
    `ip link del ${tunnel}`,
    `ip link add ${tunnel} address ${far.tunnelMac} mtu 1450 ${created}`,
    `ip address add ${far.tunnelAddress}/32 dev ${tunnel}`,
    `ip link set ${tunnel} up`,
    ...peerLines(scene),
  );
}

/** What the CNI's daemon and the network service put back after a link was down. */
function peerLines({ plan, far }: Scene): string[] {
  const { peers } = nodeWiring(plan, far);
  return [
    "ip route replace default via 192.168.6.1 dev eth0",
    ...peers.routes.map((line) => `ip ${line}`),
    ...peers.fdb.map((line) => `bridge ${line}`),
  ];
}

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
