import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createObject, getObject, patchObject } from "../../src/lab/api-client.ts";
import type { Plan, PlannedNode } from "../../src/lab/plan.ts";
import { requireLab } from "../../src/lab/state.ts";
import { command } from "../lab/command.ts";
import { on, runSteps } from "./unlisted-fault.ts";

/** Each IPv4 address of a lab of flannel's has one of IPv6 that looks alike. */
export function six(address: string): string {
  const [a, b, c, d] = address.split(".");
  const block = c === "0" ? "" : `:${c}`;
  return a === "10" ? `fd00:${b}${block}::${d}` : `fd00:6::${d}`;
}

export function podNetwork({ tunnelAddress }: PlannedNode): string {
  return `${six(tunnelAddress).split("::")[0]}::/64`;
}

/** A server for HTTP on [::]:8080, beside the lab's own on 0.0.0.0:8080. */
const SERVER = `require("http").createServer((_, r) => r.end("ok\\n")).listen({ port: 8080, host: "::", ipv6Only: true }, () => console.log("up"))`;

/**
 * Gives a lab of flannel's host-gw a second family: addresses, routes, kube-proxy's rules, Services and their EndpointSlices, and a
 * server in every pod.
 * @returns the servers, which are to be ended
 */
export async function addSecondFamily(plan: Plan): Promise<readonly ChildProcess[]> {
  for (const node of plan.nodes) {
    const others = plan.nodes.filter((other) => other !== node);
    await runSteps([
      on(
        node.netns,
        "sysctl -q -w net.ipv6.conf.all.forwarding=1",
        `ip addr add ${six(node.address)}/64 dev eth0 nodad`,
        `ip addr add ${podNetwork(node).replace("::/64", "::1/64")} dev cni0 nodad`,
        ...others.map((other) => `ip route add ${podNetwork(other)} via ${six(other.address)} dev eth0`),
      ),
    ]);
    await proxySecondFamily(node);
  }
  await runSteps([
    on(plan.clientNetns, "ip addr add fd00:6::10/64 dev eth0 nodad"),
    ...plan.pods.map((pod) => {
      const address = six(pod.address);
      const gateway = `${address.split("::")[0]}::1`;
      return on(
        pod.netns,
        `ip addr add ${address}/64 dev eth0 nodad`,
        `ip -6 route add default via ${gateway} dev eth0`,
      );
    }),
  ]);
  await tellApi(plan);
  return Promise.all(plan.pods.map(({ netns }) => serve(netns)));
}

/** What kube-proxy and flannel have for IPv4, said of IPv6. */
async function proxySecondFamily({ netns, name }: PlannedNode): Promise<void> {
  const { stdout } = await command("ip", "netns", "exec", netns, "iptables-nft-save");
  const rules = stdout
    .replaceAll(/^.*127\.0\.0\.0.*$/gm, "")
    .replaceAll("10.42.0.0/16", "fd00:42::/32")
    .replaceAll("224.0.0.0/4", "ff00::/8")
    .replaceAll(/10\.42\.(\d+)\.0\/24/g, "fd00:42:$1::/64")
    .replaceAll(/(\d+\.\d+\.\d+\.\d+):(\d+)/g, (_, ip: string, port: string) => `[${six(ip)}]:${port}`)
    .replaceAll(/(\d+\.\d+\.\d+\.\d+)\/32/g, (_, ip: string) => `${six(ip)}/128`);
  const directory = await mkdtemp(join(tmpdir(), "lasthop-dual-stack-"));
  try {
    const file = join(directory, name);
    await writeFile(file, rules);
    await runSteps([on(netns, `ip6tables-nft-restore ${file}`)]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

interface Slice {
  readonly metadata: { readonly name: string };
  readonly endpoints: readonly { readonly addresses: readonly string[] }[];
}

async function tellApi({ lab, pods, services }: Plan): Promise<void> {
  const { api } = requireLab(lab);
  if (api === null) throw new Error("the lab has no API");
  for (const { namespace, name, address } of pods) {
    await patchObject(api, `/api/v1/namespaces/${namespace}/pods/${name}/status`, [
      { op: "replace", path: "/status/podIPs", value: [{ ip: address }, { ip: six(address) }] },
    ]);
  }
  for (const { namespace, name, clusterIp } of services) {
    await patchObject(api, `/api/v1/namespaces/${namespace}/services/${name}`, [
      { op: "replace", path: "/spec/clusterIPs", value: [clusterIp, six(clusterIp)] },
      { op: "replace", path: "/spec/ipFamilies", value: ["IPv4", "IPv6"] },
      { op: "replace", path: "/spec/ipFamilyPolicy", value: "RequireDualStack" },
    ]);
  }
  for (const namespace of new Set(services.map((service) => service.namespace))) {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const { items } = await getObject<{ items: readonly Slice[] }>(api, path);
    for (const slice of items) {
      const endpoints = slice.endpoints.map((one) => ({ ...one, addresses: one.addresses.map(six) }));
      const metadata = {
        ...slice.metadata,
        name: `${slice.metadata.name}-six`,
        uid: undefined,
        resourceVersion: undefined,
      };
      const kind = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };
      await createObject(api, path, { ...slice, ...kind, addressType: "IPv6", metadata, endpoints });
    }
  }
}

function serve(netns: string): Promise<ChildProcess> {
  const child = spawn("ip", ["netns", "exec", netns, process.execPath, "-e", SERVER], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.stdout.once("data", () => resolve(child));
    child.once("exit", () => reject(new Error(`no server in ${netns}`)));
  });
}
