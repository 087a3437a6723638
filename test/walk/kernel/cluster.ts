import { Dice } from "./dice.ts";
import { breakCluster, breakSomething } from "./faults.ts";
import { Topology } from "./topology.ts";

const SERVICE = "10.43.0.10";

/**
 * Two nodes on a wire, or with a router between them; pods on a bridge of each, or on routed veths with proxy ARP; between the
 * nodes host routes, or VXLAN; a Service translated on the sender's node.
 */
export function cluster(seed: number): Topology {
  const dice = new Dice(seed * 7919);
  const t = new Topology();
  const overlay = dice.pick(["routes", "vxlan", "vxlan", "vxlan-flood"]);
  const onBridge = dice.chance(0.6);
  const isRouted = dice.chance(0.3);
  underlay(t, isRouted);
  for (const k of [1, 2]) {
    const node = `n${k}`;
    t.set(node, "net.ipv4.ip_forward", 1);
    t.set(node, "net.bridge.bridge-nf-call-iptables", dice.chance(0.7) ? 1 : 0);
    pods(t, k, onBridge);
  }
  const sender = dice.pick(["p1a", "p1a", "n1", "p1b"]);
  const receiver = dice.pick(["p2a", "p2a", "p1a", "p1b", "n2"].filter((r) => r !== sender));
  t.from = sender;
  t.to = receiver;
  const address = {
    n1: "192.168.1.1",
    n2: isRouted ? "192.168.2.2" : "192.168.1.2",
    p1a: "10.42.1.2",
    p1b: "10.42.1.3",
    p2a: "10.42.2.2",
  }[receiver];
  if (address === undefined) throw new Error(receiver);
  t.address = address;
  if (dice.chance(0.5)) {
    const client = sender.startsWith("p") ? `n${sender[1]}` : sender;
    t.address = SERVICE;
    for (const chain of ["PREROUTING", "OUTPUT"]) {
      t.run(client, `iptables-nft -w -t nat -A ${chain} -d ${SERVICE} ! -p icmp -j DNAT --to-destination ${address}`);
      t.run(client, `iptables-nft -w -t nat -A ${chain} -d ${SERVICE} -p icmp -j DNAT --to-destination ${address}`);
    }
    if (dice.chance(0.4)) {
      t.run(client, `iptables-nft -w -t nat -I PREROUTING -d ${SERVICE} -j MARK --set-xmark 0x4000/0x4000`);
      t.run(client, `iptables-nft -w -t nat -I OUTPUT -d ${SERVICE} -j MARK --set-xmark 0x4000/0x4000`);
      t.run(
        client,
        "iptables-nft -w -t nat -A POSTROUTING -m mark --mark 0x4000/0x4000 -j MARK --set-xmark 0x4000/0x0",
      );
      t.run(client, "iptables-nft -w -t nat -A POSTROUTING -m conntrack --ctstate DNAT -j MASQUERADE");
    }
  }
  t.faults.push(`${overlay}, ${onBridge ? "bridge" : "veth"}${isRouted ? ", router" : ""}`);
  for (let i = dice.pick([0, 1, 1, 1, 2]); i > 0; i -= 1) {
    if (dice.chance(0.7)) breakCluster(t, dice);
    else breakSomething(t, dice);
  }
  for (const k of [1, 2]) join(t, k, overlay, isRouted);
  return t;
}

function underlay(t: Topology, isRouted: boolean): void {
  t.node("n1");
  t.node("n2");
  if (!isRouted) {
    t.wire("n1", "eth0", "n2", "eth0");
    t.do("n1", "addr add 192.168.1.1/24 dev eth0");
    t.do("n2", "addr add 192.168.1.2/24 dev eth0");
    // Nobody has the gateway: a route that is only looked up.
    for (const node of ["n1", "n2"]) t.do(node, "route add default via 192.168.1.254");
    return;
  }
  t.node("r");
  t.wire("n1", "eth0", "r", "to-n1");
  t.wire("n2", "eth0", "r", "to-n2");
  t.do("n1", "addr add 192.168.1.1/24 dev eth0", "route add default via 192.168.1.254");
  t.do("n2", "addr add 192.168.2.2/24 dev eth0", "route add default via 192.168.2.254");
  t.do("r", "addr add 192.168.1.254/24 dev to-n1", "addr add 192.168.2.254/24 dev to-n2");
  t.do("r", "route add 10.42.1.0/24 via 192.168.1.1", "route add 10.42.2.0/24 via 192.168.2.2");
  t.set("r", "net.ipv4.ip_forward", 1);
}

/** `p1a` and `p1b` on node 1, `p2a` on node 2: 10.42.K.2 and .3. */
function pods(t: Topology, k: number, onBridge: boolean): void {
  const node = `n${k}`;
  if (onBridge) t.do(node, "link add cni0 type bridge", "link set cni0 up", `addr add 10.42.${k}.1/24 dev cni0`);
  else t.do(node, `route add blackhole 10.42.${k}.0/24`);
  for (const [i, letter] of (k === 1 ? ["a", "b"] : ["a"]).entries()) {
    const pod = t.node(`p${k}${letter}`);
    const address = `10.42.${k}.${i + 2}`;
    const port = `veth${letter}`;
    t.wire(pod, "eth0", node, port);
    if (onBridge) {
      t.do(pod, `addr add ${address}/24 dev eth0`, `route add default via 10.42.${k}.1`);
      t.do(node, `link set ${port} master cni0`);
    } else {
      t.do(
        pod,
        `addr add ${address}/32 dev eth0`,
        "route add 169.254.1.1 dev eth0 scope link",
        "route add default via 169.254.1.1",
      );
      t.do(node, `route add ${address} dev ${port} scope link`);
      t.set(node, `net.ipv4.conf.${port}.proxy_arp`, 1);
    }
  }
}

function join(t: Topology, k: number, overlay: string, isRouted: boolean): void {
  const node = `n${k}`;
  const other = 3 - k;
  const remote = other === 1 ? "192.168.1.1" : isRouted ? "192.168.2.2" : "192.168.1.2";
  const local = k === 1 ? "192.168.1.1" : isRouted ? "192.168.2.2" : "192.168.1.2";
  if (overlay === "routes") {
    if (!isRouted) t.do(node, `route add 10.42.${other}.0/24 via ${remote}`);
  } else {
    const flood = overlay === "vxlan-flood" ? ` remote ${remote}` : "";
    const odd = t.vxlan.get(node) ?? "";
    const id = odd.startsWith("id") ? odd : "id 1";
    const port = odd.startsWith("dstport") ? odd : "dstport 8472";
    const learning = overlay === "vxlan-flood" && t.faults.length % 2 === 0 ? "" : " nolearning";
    t.do(
      node,
      `link add flannel.1 address 02:00:00:00:0${k}:01 type vxlan ${id} local ${local} ${port}${learning}${flood}`,
    );
    t.do(node, "link set flannel.1 up", `addr add 10.42.${k}.0/32 dev flannel.1`);
    t.do(node, `route add 10.42.${other}.0/24 via 10.42.${other}.0 dev flannel.1 onlink`);
    if (overlay === "vxlan") {
      t.do(node, `neigh add 10.42.${other}.0 lladdr 02:00:00:00:0${other}:01 dev flannel.1 nud permanent`);
      t.sh.get(node)?.unshift(`bridge fdb add 02:00:00:00:0${other}:01 dev flannel.1 dst ${remote} self permanent`);
    }
  }
}
