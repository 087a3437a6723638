import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { labDown } from "../../src/lab/down.ts";
import { healFaults, injectFault, listFaults } from "../../src/lab/fault.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { LabError } from "../../src/lab/lab-error.ts";
import { findLab } from "../../src/lab/list.ts";
import { labUp } from "../../src/lab/up.ts";
import { describeLabs, statusFrom, useLabBundle } from "./lab-bundle.ts";
import { snapshot } from "./node-snapshot.ts";

const bundle = useLabBundle();

const CASES = [
  { name: "t-flannel", cni: "flannel", overlay: "vxlan", nodes: 3 },
  { name: "t-calico", cni: "calico", overlay: "vxlan", nodes: 3 },
  { name: "t-hostgw", cni: "flannel", overlay: "host-gw", nodes: 3 },
  { name: "t-calico-hostgw", cni: "calico", overlay: "host-gw", nodes: 2 },
  { name: "t-one", cni: "flannel", overlay: "vxlan", nodes: 1 },
] as const;

for (const options of CASES) {
  describeLabs(`${options.cni}, ${options.overlay}, ${options.nodes} nodes`, () => {
    let lab: Lab;
    const status = (url: string): Promise<string> => statusFrom(lab.clientNetns, url);

    beforeAll(async () => {
      lab = await labUp({ ...options, serverBundle: bundle.server });
    }, 30_000);
    afterAll(async () => {
      await labDown(options.name);
    });

    it("answers at every node's address", async () => {
      for (const node of lab.nodes) {
        for (const port of [30007, 30008]) expect(await status(`http://${node.address}:${port}/`)).toBe("200");
      }
    });

    for (const { id } of listFaults()) {
      it(`${id} breaks the URL, and heal puts back exactly what was there`, async () => {
        const before = await Promise.all(lab.nodes.map(snapshot));
        try {
          await injectFault(options.name, id);
        } catch (error) {
          // A fault that this lab cannot have is refused before anything is changed.
          expect(error).toBeInstanceOf(LabError);
          expect((error as Error).message).toMatch(/cannot have/);
          expect(await Promise.all(lab.nodes.map(snapshot))).toEqual(before);
          return;
        }
        expect(findLab(options.name).faults.map((fault) => fault.id)).toEqual([id]);
        expect(await status(lab.url)).not.toBe("200");
        await healFaults(options.name);
        await vi.waitFor(async () => expect(await Promise.all(lab.nodes.map(snapshot))).toEqual(before), 3000);
        expect(await status(lab.url)).toBe("200");
        expect(findLab(options.name).faults).toEqual([]);
      }, 20_000);
    }

    it("heals several faults, also what somebody repaired meanwhile", async () => {
      const before = await Promise.all(lab.nodes.map(snapshot));
      await injectFault(options.name, "ip-forward-off", "k1");
      await injectFault(options.name, "forward-drop", "k1");
      await injectFault(options.name, "pod-link-down", "k1");
      await expect(injectFault(options.name, "forward-drop", "k1")).rejects.toThrow(/already/);
      await healFaults(options.name);
      await vi.waitFor(async () => expect(await Promise.all(lab.nodes.map(snapshot))).toEqual(before), 3000);
      expect(await status(lab.url)).toBe("200");
    }, 20_000);
  });
}
