import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plan, PlannedNode, PlannedPod, PlannedPort, PlannedService } from "../../src/lab/plan.ts";
import { on, runSteps } from "./unlisted-fault.ts";

/** Takes kube-proxy's rules away from iptables on every node, and makes them as it does in nftables mode. */
export async function proxyByNftables(plan: Plan): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "lasthop-nftables-"));
  try {
    for (const node of plan.nodes) {
      const file = join(directory, node.name);
      await writeFile(file, nftablesRules(plan, node));
      await runSteps([
        on(node.netns, "sh -c 'iptables-nft-save | grep -v KUBE- | iptables-nft-restore'", `nft -f ${file}`),
      ]);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** kube-proxy's table as it lays it out on one node (pkg/proxy/nftables/proxier.go), of the chains that such Services need. */
function nftablesRules(plan: Plan, node: PlannedNode): string {
  const ports = plan.services.flatMap((service) => service.ports.map((port) => ({ service, port })));
  const byIp = ports.map(
    (one) => `${clusterIpKey(one.service, one.port)} : goto service-${chainOf(one.service, one.port)}`,
  );
  const byNode = ports.flatMap(({ service, port }) =>
    port.nodePort === undefined
      ? []
      : [`${protocolOf(port)} . ${port.nodePort} : goto external-${chainOf(service, port)}`],
  );
  return `table ip kube-proxy {
comment "rules for kube-proxy"
set cluster-ips {
  type ipv4_addr
  elements = { ${plan.services.map((service) => service.clusterIp).join(", ")} }
}
set nodeport-ips {
  type ipv4_addr
  elements = { ${node.address} }
}
map no-endpoint-services {
  type ipv4_addr . inet_proto . inet_service : verdict
}
map no-endpoint-nodeports {
  type inet_proto . inet_service : verdict
}
chain mark-for-masquerade {
  meta mark set mark or 0x4000
}
chain reject-chain {
  reject
}
${ports.map(({ service, port }) => chainsOf(plan, service, port)).join("\n")}
map service-ips {
  type ipv4_addr . inet_proto . inet_service : verdict
  elements = { ${byIp.join(", ")} }
}
map service-nodeports {
  type inet_proto . inet_service : verdict
  elements = { ${byNode.join(", ")} }
}
chain cluster-ips-check {
  ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
}
chain service-endpoints-check {
  ip daddr . meta l4proto . th dport vmap @no-endpoint-services
}
chain nodeport-endpoints-check {
  ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
}
chain services {
  ip daddr . meta l4proto . th dport vmap @service-ips
  ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
}
chain masquerading {
  mark and 0x4000 == 0 return
  meta mark set mark xor 0x4000
  masquerade fully-random
}
chain filter-input {
  type filter hook input priority filter; policy accept;
  ct state new jump nodeport-endpoints-check
  ct state new jump service-endpoints-check
}
chain filter-forward {
  type filter hook forward priority filter; policy accept;
  ct state new jump service-endpoints-check
  ct state new jump cluster-ips-check
}
chain filter-output {
  type filter hook output priority filter; policy accept;
  ct state new jump service-endpoints-check
  ct state new jump cluster-ips-check
}
chain nat-prerouting {
  type nat hook prerouting priority dstnat; policy accept;
  jump services
}
chain nat-output {
  type nat hook output priority -100; policy accept;
  jump services
}
chain nat-postrouting {
  type nat hook postrouting priority srcnat; policy accept;
  jump masquerading
}
}
`;
}

/** `IP . PROTOCOL . PORT`, as the maps of that table have it. */
export function clusterIpKey(service: PlannedService, port: PlannedPort): string {
  return `${service.clusterIp} . ${protocolOf(port)} . ${port.port}`;
}

function chainsOf(plan: Plan, service: PlannedService, port: PlannedPort): string {
  const name = chainOf(service, port);
  const protocol = protocolOf(port);
  const endpoints = plan.pods.filter((pod) => isSelected(pod, service));
  const chain = (pod: PlannedPod): string => `endpoint-${name}__${pod.address}/${port.targetPort}`;
  return [
    ...endpoints.map(
      (pod) => `chain ${chain(pod)} {
  ip saddr ${pod.address} jump mark-for-masquerade
  meta l4proto ${protocol} dnat to ${pod.address}:${port.targetPort}
}`,
    ),
    `chain service-${name} {
  ip daddr ${service.clusterIp} ${protocol} dport ${port.port} ip saddr != ${plan.clusterCidr} jump mark-for-masquerade
  numgen random mod ${endpoints.length} vmap { ${endpoints.map((pod, index) => `${index} : goto ${chain(pod)}`).join(", ")} }
}
chain external-${name} {
  jump mark-for-masquerade
  goto service-${name}
}`,
  ].join("\n");
}

function isSelected(pod: PlannedPod, { namespace, selector }: PlannedService): boolean {
  const labels = pod.serves === "dns" ? ["kube-dns"] : [pod.app];
  return pod.namespace === namespace && Object.values(selector).every((value) => labels.includes(value));
}

function chainOf({ namespace, name }: PlannedService, port: PlannedPort): string {
  return `${namespace}/${name}/${protocolOf(port)}/${port.name}`;
}

function protocolOf({ protocol }: PlannedPort): string {
  return protocol.toLowerCase();
}
