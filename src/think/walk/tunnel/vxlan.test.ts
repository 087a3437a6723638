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
