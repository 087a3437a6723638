import { netnsInode, tryRunIn } from "../netns.ts";
import { resolverLogPath } from "../paths.ts";
import { type Plan, type PlannedNode, type PlannedPod, podOf, serviceOf } from "../plan.ts";
import { commandName, killAll, labProcesses } from "../processes.ts";
import { startServer } from "../servers.ts";
import { defineFault } from "./fault-type.ts";
import { type Readdressed, giveAddress, spareAddress } from "./new-address.ts";
import { frontendNode, servesUrls, servingPod } from "./serving-nodes.ts";

/** The port that a client sends from as long as it runs. */
export const RESOLVER_PORT = 40_053;

/**
 * The lab's kube-proxies delete no conntrack entries, as a node's without the conntrack tool. A client that never pauses for
 * nf_conntrack_udp_timeout keeps the entry alive, and with it the address that DNS had when the client began.
 */
export const conntrackStaleDnat = defineFault<Readdressed>({
  id: "conntrack-stale-dnat",
  summary: {
    en: "a client on the node asks DNS from one port without a pause, and since DNS has another address its conntrack entry leads nowhere",
    zh: "节点上的一个客户端用同一个源端口不停查询 DNS；DNS 换了地址之后，它的 conntrack 条目仍指向旧地址",
  },
  needsNode: true,
  defaultNode: frontendNode,
  appliesTo: servesUrls,
  before: async ({ plan }) => ({
    from: podOf(plan, "dns").address,
    to: spareAddress(plan, podOf(plan, "dns")),
  }),
  inject: async (lab, node, { from, to }) => {
    const { plan, bundle } = lab;
    const { name, namespace, clusterIp } = serviceOf(plan, "kube-dns");
    const pod = servingPod(plan, node);
    await endResolver(plan, node);
    const config = {
      serve: "resolver" as const,
      ...{ pod: pod.name, node: pod.node, address: pod.address, sport: RESOLVER_PORT },
      server: { address: clusterIp, port: 53 },
      name: `${name}.${namespace}.svc.cluster.local`,
    };
    await startServer(plan, config, resolverLogPath(plan.lab, node.name), bundle, pod.netns);
    await giveAddress(lab, podOf(plan, "dns"), from, to);
  },
  heal: async (lab, node, { from, to }) => {
    await endResolver(lab.plan, node);
    await giveAddress(lab, podOf(lab.plan, "dns"), to, from);
  },
});

/** The client, and its entry: without a client that would be gone after two minutes. */
async function endResolver(plan: Plan, node: PlannedNode): Promise<void> {
  const pod = servingPod(plan, node);
  await killAll(resolversIn(pod));
  const tuple = ["-p", "udp", "-s", pod.address, "--sport", String(RESOLVER_PORT)];
  await tryRunIn(node.netns, ["conntrack", "-D", ...tuple]);
}

function resolversIn(pod: PlannedPod) {
  const inode = netnsInode(pod.netns);
  if (inode === null) return [];
  // Its title is its name for the kernel as well, cut to 15 letters.
  const name = "lasthop-lab-resolver".slice(0, 15);
  return labProcesses(new Set([inode]), null).filter(({ pid }) => commandName(pid) === name);
}
