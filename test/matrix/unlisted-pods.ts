import { on, only, type Scene, type UnlistedFault } from "./unlisted-fault.ts";

const portOf = ({ backend }: Scene): string => backend.hostLink;
const bridgeOf = ({ far }: Scene): string => far.podCidr.replace(/\.0\/24$/, ".1");

/** Between a node and its pods: the bridge and its ports, neighbours, and what is set up inside a pod. */
export const POD_FAULTS: readonly UnlistedFault[] = [
  {
    id: "the pod's port has left the bridge",
    cni: "flannel",
    inject: (scene) => [on(scene.far.netns, `ip link set ${portOf(scene)} nomaster`)],
    revert: (scene) => [
      on(
        scene.far.netns,
        `ip link set ${portOf(scene)} master cni0`,
        `ip link set ${portOf(scene)} type bridge_slave hairpin on`,
      ),
    ],
    truths: (scene) => only(`bridge-port-missing ${scene.far.name} link ${portOf(scene)}`),
  },
  {
    id: "the pod's port of the bridge is disabled",
    cni: "flannel",
    inject: (scene) => [on(scene.far.netns, `bridge link set dev ${portOf(scene)} state 0`)],
    revert: (scene) => [on(scene.far.netns, `bridge link set dev ${portOf(scene)} state 3`)],
    truths: (scene) => only(`bridge-port-blocked ${scene.far.name} link ${portOf(scene)}`),
  },
  {
    id: "the gateway's pod sends with a TTL of 1",
    cni: "flannel",
    inject: ({ gateway }) => [on(gateway.netns, "sysctl -q -w net.ipv4.ip_default_ttl=1")],
    revert: ({ gateway }) => [on(gateway.netns, "sysctl -q -w net.ipv4.ip_default_ttl=64")],
    truths: ({ near }) => only(`sysctl-wrong ${near.name} net.ipv4.ip_default_ttl`),
  },
  {
    id: "the pod has a black hole for the gateway",
    cni: "calico",
    inject: ({ backend, gateway }) => [on(backend.netns, `ip route add blackhole ${gateway.address}/32`)],
    revert: ({ backend, gateway }) => [on(backend.netns, `ip route del blackhole ${gateway.address}/32`)],
    truths: ({ far, gateway }) => only(`blackhole-route ${far.name} route ${gateway.address}/32 table main`),
  },
  {
    id: "a bridge table drops what goes to the pod",
    cni: "flannel",
    inject: ({ far, backend }) => [
      on(
        far.netns,
        "nft add table bridge guard",
        "nft add chain bridge guard out '{ type filter hook output priority 0; }'",
        `nft add rule bridge guard out ip daddr ${backend.address} drop`,
      ),
    ],
    revert: ({ far }) => [on(far.netns, "nft delete table bridge guard")],
    truths: ({ far }) => only(`forward-drop ${far.name} rule nft:guard/out#1`),
  },
  {
    id: "the bridge has lost its address",
    cni: "flannel",
    inject: (scene) => [on(scene.far.netns, `ip address del ${bridgeOf(scene)}/24 dev cni0`)],
    revert: (scene) => [on(scene.far.netns, `ip address add ${bridgeOf(scene)}/24 brd + dev cni0`)],
    truths: (scene) => only(`gateway-address-missing ${scene.far.name} address ${bridgeOf(scene)}/24 dev cni0`),
  },
  {
    id: "the pod's routes lead to a gateway that nobody is",
    cni: "flannel",
    inject: (scene) => [
      on(
        scene.backend.netns,
        `ip route replace ${scene.plan.clusterCidr} via ${bridgeOf(scene).replace(/\.1$/, ".99")} dev eth0`,
      ),
    ],
    revert: (scene) => [
      on(scene.backend.netns, `ip route replace ${scene.plan.clusterCidr} via ${bridgeOf(scene)} dev eth0`),
    ],
    truths: ({ far, plan }) => only(`wrong-route ${far.name} route ${plan.clusterCidr} table main`),
  },
  {
    id: "the node answers no ARP on the bridge",
    cni: "flannel",
    inject: ({ far, backend }) => [
      on(far.netns, "sysctl -q -w net.ipv4.conf.cni0.arp_ignore=8"),
      on(backend.netns, "ip neigh flush dev eth0"),
    ],
    revert: ({ far }) => [on(far.netns, "sysctl -q -w net.ipv4.conf.cni0.arp_ignore=0")],
    forget: ({ backend }) => [on(backend.netns, "ip neigh flush dev eth0")],
    truths: ({ far }) => only(`sysctl-wrong ${far.name} net.ipv4.conf.cni0.arp_ignore`),
  },
  {
    id: "the route to the pod is gone",
    cni: "calico",
    inject: ({ far, backend }) => [on(far.netns, `ip route del ${backend.address}/32 dev ${backend.hostLink}`)],
    revert: ({ far, backend }) => [
      on(far.netns, `ip route add ${backend.address}/32 dev ${backend.hostLink} scope link`),
    ],
    truths: ({ far, backend }) => only(`no-route-to-pod-cidr ${far.name} route ${backend.address}/32 table main`),
  },
  {
    id: "the route to the pod leads to another pod",
    cni: "calico",
    inject: (scene) => [
      on(scene.far.netns, `ip route replace ${scene.backend.address}/32 dev ${otherLink(scene)} scope link`),
    ],
    revert: ({ far, backend }) => [
      on(far.netns, `ip route replace ${backend.address}/32 dev ${backend.hostLink} scope link`),
    ],
    truths: ({ far, backend }) => only(`wrong-route ${far.name} route ${backend.address}/32 table main`),
  },
  {
    id: "the pod has a wrong permanent neighbour for its gateway",
    cni: "calico",
    inject: ({ backend }) => [
      on(backend.netns, "ip neigh replace 169.254.1.1 lladdr 02:11:22:33:44:55 dev eth0 nud permanent"),
    ],
    revert: ({ backend }) => [on(backend.netns, "ip neigh del 169.254.1.1 dev eth0")],
    truths: ({ far }) => only(`stale-arp ${far.name} neigh 169.254.1.1 dev eth0`),
  },
  {
    id: "the pod has lost its address, and its routes with it",
    cni: "calico",
    inject: ({ backend }) => [on(backend.netns, "ip address flush dev eth0")],
    revert: ({ backend }) => [
      on(
        backend.netns,
        `ip address replace ${backend.address}/32 dev eth0`,
        "ip route replace 169.254.1.1 dev eth0 scope link",
        "ip route replace default via 169.254.1.1 dev eth0",
      ),
    ],
    truths: ({ far, backend }) => only(`pod-address-missing ${far.name} address ${backend.address}/32 dev eth0`),
  },
  {
    id: "the pod sends nothing of its user's to port 80",
    cni: "flannel",
    inject: ({ gateway }) => [
      on(gateway.netns, "iptables-nft -A OUTPUT -p tcp --dport 80 -m owner --uid-owner 0 -j DROP"),
    ],
    revert: ({ gateway }) => [on(gateway.netns, "iptables-nft -D OUTPUT 1")],
    truths: ({ near }) => only(`pod-iptables-drop ${near.name} rule iptables-nft:filter/OUTPUT#1`),
  },
  {
    id: "the bridge has another subnet than its pods",
    cni: "flannel",
    inject: (scene) => [
      on(scene.far.netns, `ip address del ${bridgeOf(scene)}/24 dev cni0`, "ip address add 10.42.77.1/24 dev cni0"),
    ],
    revert: (scene) => [
      on(
        scene.far.netns,
        "ip address del 10.42.77.1/24 dev cni0",
        `ip address add ${bridgeOf(scene)}/24 brd + dev cni0`,
      ),
    ],
    truths: (scene) => only(`gateway-address-missing ${scene.far.name} address ${bridgeOf(scene)}/24 dev cni0`),
  },
  {
    id: "the pod's own interface is down",
    cni: "calico",
    inject: ({ backend }) => [on(backend.netns, "ip link set eth0 down")],
    revert: ({ backend }) => [
      on(
        backend.netns,
        "ip link set eth0 up",
        "ip route add 169.254.1.1 dev eth0 scope link",
        "ip route add default via 169.254.1.1 dev eth0",
      ),
    ],
    truths: ({ far, backend }) => only(`pod-link-down ${far.name} link (eth0|${backend.hostLink})`),
  },
];

/** Of any other pod on the backend's node. */
function otherLink({ plan, far, backend }: Scene): string {
  const other = plan.pods.find((pod) => pod.node === far.name && pod.name !== backend.name);
  if (other === undefined) throw new Error(`${far.name} has no other pod`);
  return other.hostLink;
}
