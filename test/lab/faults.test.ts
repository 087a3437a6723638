import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { mergeObject } from "../../src/lab/api-client.ts";
import { labDown } from "../../src/lab/down.ts";
import { healFaults, injectFault, listFaults } from "../../src/lab/fault.ts";
import { backendNode, servingPod } from "../../src/lab/faults/serving-nodes.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { describeLab } from "../../src/lab/lab.ts";
import type { ApiAccess } from "../../src/lab/kubeconfig.ts";
import { findNode } from "../../src/lab/plan.ts";
import { powerOff, powerOn } from "../../src/lab/power.ts";
import { requireLab } from "../../src/lab/state.ts";
import { labUp } from "../../src/lab/up.ts";
import { expectedOf, noteOf } from "../matrix/lab-fault-causes.ts";
import { differences, type Snapshot } from "../matrix/lab-snapshot.ts";
import { isHealthy, type Symptom, symptomsOf } from "../matrix/symptoms.ts";
import { ownLabName } from "../matrix/take-down.ts";
import { command, statusFrom } from "./command.ts";
import { describeLabs, useLabBundle } from "./lab-bundle.ts";
import { missingPart } from "./machine-parts.ts";
import { snapshotOfPlaces } from "./node-snapshot.ts";

const bundle = useLabBundle();

const ALL_CASES = [
  { name: "t-flannel", cni: "flannel", overlay: "vxlan", nodes: 3, isUsual: true },
  { name: "t-calico", cni: "calico", overlay: "vxlan", nodes: 3, web: 10, isUsual: true },
  { name: "t-hostgw", cni: "flannel", overlay: "host-gw", nodes: 3, isUsual: false },
  { name: "t-calico-hostgw", cni: "calico", overlay: "host-gw", nodes: 2, isUsual: false },
  { name: "t-one", cni: "flannel", overlay: "vxlan", nodes: 1, isUsual: false },
] as const;

const isFull = process.env.LASTHOP_FULL_MATRIX === "1";
const CASES = ALL_CASES.filter(({ isUsual }) => isFull || isUsual);
const extent = isFull ? "five labs" : "two labs (LASTHOP_FULL_MATRIX=1: host-gw and a single node too)";

const OF_VXLAN = [
  "vxlan-udp-blocked",
  "vxlan-fdb-missing",
  "vxlan-neigh-missing",
  "vxlan-vtep-mac-mismatch",
  "vxlan-vni-mismatch",
];
const BETWEEN_NODES = [
  "no-route-to-pod-cidr",
  "rp-filter-strict",
  "externaltrafficpolicy-local-without-endpoint",
  "blackhole-route",
  "unreachable-route",
  "wrong-next-hop-mac",
  "wrong-node-ip-in-route",
  "mtu-black-hole",
  "fabric-drop",
  "node-down",
  "node-not-ready",
];
const OF_BRIDGES = ["bridge-nf-off", "hairpin-off"];
const OF_MANY = ["one-in-ten-endpoints-dead"];
const OF_SHARED_POOLS = ["duplicate-pod-ip"];
const OF_PROXY_ARP = ["proxy-arp-off"];

/** By the names of the cases: faults that a lab cannot have, and why `lab fault` says so. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "t-flannel": [...OF_PROXY_ARP, ...OF_SHARED_POOLS, ...OF_MANY],
  "t-calico": OF_BRIDGES,
  "t-hostgw": [...OF_VXLAN, ...OF_PROXY_ARP, ...OF_SHARED_POOLS, ...OF_MANY],
  "t-calico-hostgw": [...OF_VXLAN, ...OF_BRIDGES, ...OF_SHARED_POOLS, ...OF_MANY],
  "t-one": [...OF_VXLAN, ...BETWEEN_NODES, ...OF_PROXY_ARP, ...OF_SHARED_POOLS, ...OF_MANY],
};

function refusedIn(lab: Lab): readonly string[] {
  return REFUSED[CASES.find(({ name }) => ownLabName(name) === lab.name)?.name ?? ""] ?? [];
}

/** What a node's own tools do not show. */
const UNSEEN_ON_NODES = ["listen-backlog-full"];

// Most of a fault is waiting for a timeout: each test breaks all labs at once, which also proves that they are apart.
describeLabs(`${extent} side by side`, () => {
  let labs: Lab[] = [];
  const snapshots = (lab: Lab) => {
    const { plan } = requireLab(lab.name);
    const places = plan.nodes.flatMap((node) => [node, servingPod(plan, node)]);
    return snapshotOfPlaces([plan.lanNetns, ...places.map(({ netns }) => netns)]);
  };
  const status = (lab: Lab, url = lab.url): Promise<string> => statusFrom(lab.clientNetns, url);
  const restored = (lab: Lab, before: Snapshot): Promise<void> =>
    vi.waitFor(async () => expect(differences(before, await snapshots(lab)), lab.name).toEqual([]), 20_000);
  // What one test has put back is what the next one finds.
  const untouched = new Map<Lab, Snapshot>();
  const snapshotBefore = async (lab: Lab): Promise<Snapshot> => untouched.get(lab) ?? (await snapshots(lab));

  beforeAll(async () => {
    labs = await Promise.all(
      CASES.map((options) => labUp({ ...options, name: ownLabName(options.name), serverBundle: bundle.server })),
    );
  }, 60_000);
  afterAll(async () => {
    for (const { name } of CASES) await labDown(ownLabName(name));
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
    "%s breaks what the lab's users do or is told harmless, and heal puts back exactly what was there",
    async (id) => {
      const tryOn = async (lab: Lab): Promise<void> => {
        const before = await snapshotBefore(lab);
        untouched.delete(lab);
        if (missingPart(id) !== null || refusedIn(lab).includes(id)) {
          await expect(injectFault(lab.name, id)).rejects.toThrow(/cannot have/);
          expect(differences(before, await snapshots(lab)), lab.name).toEqual([]);
          untouched.set(lab, before);
          return;
        }
        const { node } = await injectFault(lab.name, id);
        const { plan } = requireLab(lab.name);
        const broken = { plan, node: findNode(plan, node ?? "k1"), backend: "" };
        const isHarmless = noteOf(id, broken) !== null;
        const symptoms = isHarmless ? [] : expectedOf(id, broken).symptoms;
        const [symptom] = [...symptoms, ...symptomsOf(lab, plan)] as [Symptom];
        try {
          expect(describeLab(requireLab(lab.name)).faults.map((fault) => fault.id)).toEqual([id]);
          if (!UNSEEN_ON_NODES.includes(id))
            expect(differences(before, await snapshots(lab)), lab.name).not.toEqual([]);
          expect(isHealthy(await symptom.try()), lab.name).toBe(isHarmless);
        } finally {
          await healFaults(lab.name);
        }
        await restored(lab, before);
        untouched.set(lab, before);
        await vi.waitFor(async () => expect(isHealthy(await symptom.try()), lab.name).toBe(true), 20_000);
        expect(describeLab(requireLab(lab.name)).faults).toEqual([]);
      };
      await Promise.all(labs.map(tryOn));
    },
    90_000,
  );

  it("are broken where asked: one of three pods is out of reach", async () => {
    const lab = labs[0] as Lab;
    await injectFault(lab.name, "ip-forward-off", "k3");
    expect(await status(lab)).toBe("200");
    const answers = await Promise.all(Array.from({ length: 24 }, () => status(lab, lab.webUrl)));
    expect(new Set(answers)).toEqual(new Set(["200", "000"]));
    await healFaults(lab.name);
  }, 20_000);

  it("a node that boots has kube-proxy's rules and the policies' again, every time", async () => {
    for (const lab of labs) {
      const { plan, api } = requireLab(lab.name);
      const node = backendNode(plan);
      await injectFault(lab.name, "netpol-deny");
      try {
        const before = await snapshots(lab);
        for (let boots = 1; boots <= 5; boots += 1) {
          await powerOff(plan, node);
          await powerOn(plan, node, bundle.server);
          const metadata = { annotations: { boots: `${boots}` } };
          await mergeObject(api as ApiAccess, `/api/v1/nodes/${node.name}`, { metadata });
          await restored(lab, before);
        }
      } finally {
        await healFaults(lab.name);
      }
    }
  }, 120_000);

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
