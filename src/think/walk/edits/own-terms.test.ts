import { beforeAll, expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../../../test/explain/what-happens.ts";
import { ip } from "../../../facts/ip.ts";
import type { World } from "../../../facts/world.ts";
import { search } from "../../search/search.ts";
import { describeEdit } from "./edit-kinds.ts";
import { inOwnTerms } from "./own-terms.ts";

let healthy: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
});

test("a rule about a machine's own pods is the same on every machine in its own terms", () => {
  const told = (node: string, network: string, address: string) => {
    const host = healthy.netns.get(`${node}/host`);
    if (host === undefined) throw new Error(`no ${node}`);
    return inOwnTerms(host, `-A POSTROUTING ! -s 10.42.0.0/16 -d ${network} -j SNAT --to-source ${address}`);
  };
  const own = "-A POSTROUTING ! -s 10.42.0.0/16 -d OWN-NETWORK -j SNAT --to-source OWN-ADDRESS";
  expect(told("k1", "10.42.2.0/24", "192.168.6.141")).toBe(own);
  expect(told("k2", "10.42.0.0/24", "192.168.6.142")).toBe(own);
  expect(told("k1", "10.42.0.0/24", "192.168.6.142")).not.toContain("OWN");
});

test("a pod without a default route, asked by a node, is cured by the route alone: that flannel does not masquerade there is meant", () => {
  const via = (router: string) => ({
    nexthops: [{ via: ip(router), dev: "eth0", weight: 1, flags: [], encap: null }],
  });
  const machines = [
    { node: "k1", address: "192.168.6.141", network: "10.42.2.0/24" },
    { node: "k2", address: "192.168.6.142", network: "10.42.0.0/24" },
    { node: "k3", address: "192.168.6.143", network: "10.42.1.0/24" },
  ];
  const hostGateways = machines.flatMap(({ node }) =>
    machines
      .filter((other) => other.node !== node)
      .flatMap(({ address, network }) => [
        make.noRoute(`${node}/host`, network),
        make.route(`${node}/host`, network, via(address)),
      ]),
  );
  const [pod] = [...healthy.netns.keys()].filter((id) => id.startsWith("k2/pod:default/frontend"));
  if (pod === undefined) throw new Error("no frontend on k2");
  const broken = make.made(healthy, make.all(...hostGateways, make.noRoute(pod, "0.0.0.0/0")));
  const { found } = search(broken, flowTo("k1/host", "10.42.0.3", 8080));
  expect(found.map(({ edits }) => edits.map((edit) => describeEdit(broken, edit).object))).toEqual([
    ["route 0.0.0.0/0 table main"],
  ]);
  expect(found[0]?.proposals[0]).toMatchObject({ kind: "cure", departure: 1 });
});
