import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { labDown } from "../../src/lab/down.ts";
import { healFaults, injectFault, listFaults } from "../../src/lab/fault.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { describeLab } from "../../src/lab/lab.ts";
import { requireLab } from "../../src/lab/state.ts";
import { labUp } from "../../src/lab/up.ts";
import { command, describeLabs, statusFrom, useLabBundle } from "./lab-bundle.ts";
import { snapshot } from "./node-snapshot.ts";

const bundle = useLabBundle();

const CASES = [
  { name: "t-flannel", cni: "flannel", overlay: "vxlan", nodes: 3 },
  { name: "t-calico", cni: "calico", overlay: "vxlan", nodes: 3 },
  { name: "t-hostgw", cni: "flannel", overlay: "host-gw", nodes: 3 },
  { name: "t-calico-hostgw", cni: "calico", overlay: "host-gw", nodes: 2 },
  { name: "t-one", cni: "flannel", overlay: "vxlan", nodes: 1 },
] as const;

/** Faults that a lab cannot have, and why `lab fault` says so. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "t-hostgw": ["vxlan-udp-blocked"],
  "t-calico-hostgw": ["vxlan-udp-blocked"],
  "t-one": ["vxlan-udp-blocked", "no-route-to-pod-cidr"],
};

// Most of a fault is waiting for a timeout: each test breaks all labs at once, which also proves that they are apart.
describeLabs("five labs side by side", () => {
  let labs: Lab[] = [];
  const snapshots = (lab: Lab) => Promise.all(lab.nodes.map(snapshot));
  const status = (lab: Lab, url = lab.url): Promise<string> => statusFrom(lab.clientNetns, url);
  const restored = (lab: Lab, before: unknown): Promise<void> =>
    vi.waitFor(async () => expect(await snapshots(lab), lab.name).toEqual(before), 5000);

  beforeAll(async () => {
    labs = await Promise.all(CASES.map((options) => labUp({ ...options, serverBundle: bundle.server })));
  }, 60_000);
  afterAll(async () => {
    for (const { name } of CASES) await labDown(name);
  });

  it("answer at every node's address", async () => {
    for (const lab of labs) {
      for (const node of lab.nodes) {
        for (const port of [30007, 30008]) {
          expect(await status(lab, `http://${node.address}:${port}/`), `${lab.name} ${node.name}`).toBe("200");
        }
      }
    }
  });

  it.each(listFaults().map((fault) => fault.id))(
    "%s breaks the URL, and heal puts back exactly what was there",
    async (id) => {
      const tryOn = async (lab: Lab): Promise<void> => {
        const before = await snapshots(lab);
        if (REFUSED[lab.name]?.includes(id)) {
          await expect(injectFault(lab.name, id)).rejects.toThrow(/cannot have/);
          expect(await snapshots(lab), lab.name).toEqual(before);
          return;
        }
        await injectFault(lab.name, id);
        expect(describeLab(requireLab(lab.name)).faults.map((fault) => fault.id)).toEqual([id]);
        expect(await snapshots(lab), lab.name).not.toEqual(before);
        expect(await status(lab), lab.name).not.toBe("200");
        await healFaults(lab.name);
        await restored(lab, before);
        expect(await status(lab), lab.name).toBe("200");
        expect(describeLab(requireLab(lab.name)).faults).toEqual([]);
      };
      await Promise.all(labs.map(tryOn));
    },
    30_000,
  );

  it("are broken where asked: one of three pods is out of reach", async () => {
    const lab = labs[0] as Lab;
    await injectFault(lab.name, "ip-forward-off", "k3");
    expect(await status(lab)).toBe("200");
    const answers = await Promise.all(Array.from({ length: 24 }, () => status(lab, lab.webUrl)));
    expect(new Set(answers)).toEqual(new Set(["200", "000"]));
    await healFaults(lab.name);
  }, 20_000);

  it("heal from several faults, also from what somebody has repaired meanwhile", async () => {
    await Promise.all(
      labs.map(async (lab) => {
        const before = await snapshots(lab);
        for (const id of ["ip-forward-off", "forward-drop", "pod-link-down"]) await injectFault(lab.name, id, "k1");
        await expect(injectFault(lab.name, "forward-drop", "k1")).rejects.toThrow(/already/);
        const onFirst = (...argv: string[]) => command("ip", "netns", "exec", lab.nodes[0]?.netns as string, ...argv);
        await onFirst("sysctl", "-w", "net.ipv4.ip_forward=1");
        await onFirst("iptables-nft", "-D", "FORWARD", "1");
        await healFaults(lab.name);
        await restored(lab, before);
        expect(await status(lab), lab.name).toBe("200");
      }),
    );
  }, 30_000);
});
