import { beforeAll, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import * as made from "../../../test/explain/objects.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import { flowTo, NOWHERE, reckonOf, triedIn, type Watch, EVERYWHERE } from "../../../test/explain/what-happens.ts";
import type { Pod } from "../../facts/cluster.ts";
import { prefix } from "../../facts/ip.ts";
import type { World } from "../../facts/world.ts";
import type { Flow } from "../walk/branch.ts";

const ADDRESS = "10.42.0.3";
/** The wrong one: nothing listens there. */
const MET = "frontend-764dfd4598-gnkwp";
const CLIENT = "frontend-764dfd4598-hxw42";
const TO_IT = flowTo(`k1/pod:default/${CLIENT}`, ADDRESS, 8080);

let healthy: World;
let refusing: World;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
  refusing = make.portClosed(`k2/pod:default/${MET}`)(healthy);
});

/** Another pod on k3, with the links and sockets that the first one has. */
function withTwin(world: World, node = "k3"): World {
  const like = healthy.netns.get(`k2/pod:default/${MET}`);
  if (like === undefined) throw new Error("no such pod");
  const id = `${node}/pod:default/twin`;
  return { ...world, netns: new Map(world.netns).set(id, { ...like, id, node, name: "pod:default/twin" }) };
}

const pod = (name: string, node: string, parts: Partial<Pod> = {}) => made.pod(name, ADDRESS, { node, ...parts });

async function said(world: World, pods: readonly Pod[], flow: Flow = TO_IT, watch: Watch = EVERYWHERE) {
  const { causes } = await reckonOf(
    world,
    [triedIn(world, world, flow, watch)],
    [],
    new Map(),
    made.clusterOf({ pods }),
  );
  return causes.map(({ confidence, id, object, found, edits }) => ({ confidence, id, object, found, edits }));
}

const DUPLICATE = {
  id: "duplicate-pod-ip",
  object: `address ${ADDRESS}`,
  found: `default/${MET} (k2), default/twin (k3)`,
  edits: [],
};

test("the pod that refuses shares its address with one that serves: that is the cause, and no closed port", async () => {
  const pods = [pod(MET, "k2"), pod("twin", "k3")];
  expect(await said(withTwin(refusing), pods)).toEqual([{ confidence: "confirmed", ...DUPLICATE }]);
  expect(await said(withTwin(refusing), pods, TO_IT, NOWHERE)).toEqual([{ confidence: "likely", ...DUPLICATE }]);
});

test("not where the other has no such server either, has gone, was never there, or is a node's own", async () => {
  const ids = async (...args: Parameters<typeof said>) => (await said(...args)).map(({ id }) => id);
  const both = [pod(MET, "k2"), pod("twin", "k3")];
  const closed = make.portClosed("k3/pod:default/twin")(withTwin(refusing));
  expect(await ids(closed, both)).toEqual(["port-closed"]);
  const moved = withTwin(refusing);
  const twin = moved.netns.get("k3/pod:default/twin");
  if (twin === undefined) throw new Error("no twin");
  const netns = new Map(moved.netns).set(twin.id, { ...twin, links: { known: true, value: [] } });
  expect(await ids({ ...moved, netns }, both)).toEqual(["port-closed"]);
  expect(await ids(withTwin(refusing), [pod(MET, "k2"), pod("twin", "k3", { phase: "Succeeded" })])).toEqual([
    "port-closed",
  ]);
  expect(await ids(withTwin(refusing), [pod(MET, "k2"), pod("twin", "k3", { hostNetwork: true })])).toEqual([
    "port-closed",
  ]);
});

test("not where the address is shared and something else stops the packet on the right node", async () => {
  const off = make.made(withTwin(healthy), make.sysctl("k2/host", "net.ipv4.ip_forward", "0"));
  expect((await said(off, [pod(MET, "k2"), pod("twin", "k3")])).map(({ id }) => id)).toEqual(["ip-forward-off"]);
});

test("a node that has the pod's address for its own, by a link or by a local route, is met in the pod's stead", async () => {
  const pods = [pod(MET, "k2")];
  const lo = { via: null, dev: "lo", weight: 1, flags: [], encap: null };
  for (const node of ["k1", "k2"]) {
    const held = make.made(
      healthy,
      make.route(`${node}/host`, `${ADDRESS}/32`, { table: 255, type: "local", scope: "host", nexthops: [lo] }),
    );
    const found = `default/${MET} (k2), ${node} (dev lo)`;
    expect(await said(held, pods)).toEqual([{ confidence: "confirmed", ...DUPLICATE, found }]);
    // Where no pod has the address, it may be the node's own by right.
    expect((await said(held, [])).map(({ id }) => id)).not.toContain("duplicate-pod-ip");
  }
});

test("not where a node that has it too drops the packet before it takes it for its own", async () => {
  const lo = { via: null, dev: "lo", weight: 1, flags: [], encap: null };
  const held = make.all(
    make.route("k2/host", `${ADDRESS}/32`, { table: 255, type: "local", scope: "host", nexthops: [lo] }),
    make.rule(
      "k2/host",
      "mangle/PREROUTING",
      [{ do: "DROP" }],
      [{ match: "destination", negate: false, prefixes: [prefix(`${ADDRESS}/32`)] }],
    ),
  );
  expect((await said(make.made(healthy, held), [pod(MET, "k2")])).map(({ id }) => id)).not.toContain(
    "duplicate-pod-ip",
  );
});
