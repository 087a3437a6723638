import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { notesSaid, said } from "../../../test/said.ts";
import { netnsId } from "../../facts/provenance.ts";
import { openRecordedKube } from "../kube/recorded.ts";
import { openBundle } from "../transport/bundle.ts";
import { collectWorld } from "./collect-world.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
const LIMITS = { timeoutMs: 5000, maxBytes: 64 << 20 };
const CASES = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());

async function load(name: string) {
  const bundle = await openBundle(join(FIXTURES, name));
  const { cluster, notChecked } = await openRecordedKube(bundle).cluster(LIMITS);
  return { bundle, cluster, kubeNotChecked: notChecked, ...(await collectWorld(bundle, cluster, { limits: LIMITS })) };
}

test("there are recorded clusters to load", () => expect(CASES.length).toBeGreaterThanOrEqual(6));

test.each(CASES.map(({ name }) => name))("%s: nodes, pods by their address, wires, segments", async (name) => {
  const { cluster, world, kubeNotChecked, bundle } = await load(name);
  expect(kubeNotChecked).toEqual([]);
  expect(cluster.services.map((service) => service.name)).toContain("frontend");
  expect(
    cluster.endpoints.filter((endpoint) => endpoint.service === "frontend").every((endpoint) => endpoint.pod),
  ).toBe(true);
  const pods = cluster.pods.filter((pod) => !pod.hostNetwork);
  expect(pods.length).toBeGreaterThanOrEqual(2);
  for (const pod of pods) {
    const netns = world.netns.get(netnsId(pod.node ?? "", `pod:${pod.namespace}/${pod.name}`));
    const links = netns?.links.known ? netns.links.value : [];
    const addresses = links.flatMap((link) => link.addresses.map((address) => address.ip.text));
    expect(addresses).toContain(pod.ips[0]?.text);
    expect(netns?.routes.known && netns.routes.value.length).toBeGreaterThan(0);
    const wire = world.wires.find(({ kind, ends }) => kind === "veth" && ends.some((end) => end.netns === netns?.id));
    expect(wire?.ends.map((end) => end.netns)).toEqual([netnsId(pod.node ?? "", "host"), netns?.id]);
  }
  const segments = world.wires.filter(({ kind }) => kind === "segment");
  expect(segments.map(({ ends }) => ends)).toEqual([
    bundle.nodes.map((node) => ({ netns: `${node}/host`, link: "eth0" })),
  ]);
  for (const node of bundle.nodes) {
    const host = world.netns.get(netnsId(node, "host"));
    expect(host?.rulesets.known && host.rulesets.value.map(({ backend }) => backend)).toContain("iptables-nft");
    const routes = host?.routes.known ? host.routes.value : [];
    const keys = routes.map(
      ({ dst, table, type, metric, nexthops }) => `${type} ${dst.text} ${table} ${metric} ${nexthops[0]?.dev}`,
    );
    expect(new Set(keys).size).toBe(keys.length);
  }
});

test("the deciding value of the incident is there, with the line that it rests on", async () => {
  const { world } = await load("ipip-resumed");
  const host = world.netns.get("node2/host");
  const flag = host?.sysctls.known ? host.sysctls.value.find(({ key }) => key === "net.ipv4.ip_forward") : undefined;
  expect(flag?.value).toBe("0");
  const recorded = readFileSync(join(FIXTURES, "ipip-resumed/node2/sysctl-net.txt"), "utf8");
  expect(recorded.split("\n")[(flag?.because.line ?? 0) - 1]).toBe("net.ipv4.ip_forward = 0");
});

test("what was not recorded is unknown and told, not empty", async () => {
  const { world, notChecked } = await load("ipip-resumed");
  const sockets = world.netns.get("node1/host")?.sockets;
  expect(sockets?.known === false ? said(sockets.why) : null).toBe("not in the bundle");
  expect(notesSaid(notChecked)).toContainEqual({
    what: expect.stringMatching(/^sockets: .*node1/),
    why: "not in the bundle",
  });
});
