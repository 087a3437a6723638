import { expect, test } from "vitest";
import * as make from "../../../../test/explain/faults.ts";
import { recordedCluster } from "../../../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../../../test/explain/what-happens.ts";
import { ip } from "../../../facts/ip.ts";
import { ZERO_MAC } from "../../../facts/lookup/fdb.ts";
import { replaceTable } from "../edits/replace-table.ts";
import { walk } from "../walk.ts";

test("a frame for a MAC address that nobody has is flooded, and whom it was meant for does not take it", async () => {
  const { world } = await recordedCluster("vxlan-healthy");
  const floods: make.Change = (before) =>
    replaceTable(before, "k1/host", "fdb", (rows) => {
      const like = rows.filter((r) => r.dev === "flannel.1").slice(0, 1);
      const to = ["192.168.6.143", "192.168.6.142"].map(ip);
      return [...rows, ...like.flatMap((row) => to.map((dst) => ({ ...row, mac: ZERO_MAC, dst })))];
    });
  const wrong = make.made(world, make.all(floods, make.wrongNeighbour("k1/host", "10.42.0.0")));
  const [branch] = walk(wrong, flowTo("k1/host", "10.42.0.3", 8080)).branches;
  expect(branch).toMatchObject({ end: "WRONG_MAC", netns: "k2/host", link: "flannel.1" });
  expect(branch?.decidedBy).toEqual([expect.objectContaining({ of: "neighbour", netns: "k1/host" })]);
});

/** k1 knows itself as the machine behind k2's MAC address. */
const LED_TO_ITSELF: make.Change = (world) =>
  replaceTable(world, "k1/host", "fdb", (rows) =>
    rows.map((row) => (row.dst?.text === "192.168.6.142" ? { ...row, dst: ip("192.168.6.141") } : row)),
  );

test("a remote that is this node itself gets nothing over a wire: the frame comes back by the tunnel's device, and goes round", async () => {
  const { world } = await recordedCluster("vxlan-healthy");
  const wrong = make.made(world, LED_TO_ITSELF);
  const [branch] = walk(wrong, flowTo("k1/pod:default/frontend-764dfd4598-hxw42", "10.42.0.3", 8080)).branches;
  expect(branch).toMatchObject({ end: "LOOP", netns: "k1/host", link: "flannel.1" });
  const taps = branch?.steps.flatMap(({ kind, link }) => (kind.startsWith("tap-") ? [`${kind} ${link}`] : []));
  expect(taps?.slice(-3)).toEqual(["tap-in flannel.1", "tap-out flannel.1", "tap-in flannel.1"]);
});

test("what a node sends itself in that way comes back from nobody but itself", async () => {
  const { world } = await recordedCluster("vxlan-healthy");
  const [branch] = walk(make.made(world, LED_TO_ITSELF), flowTo("k1/host", "10.42.0.3", 8080)).branches;
  expect(branch).toMatchObject({ end: "MARTIAN_SOURCE", netns: "k1/host", link: "flannel.1" });
});
