import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { podOf } from "../../src/lab/plan.ts";
import { statusFrom } from "../lab/command.ts";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "./bench-lab.ts";
import { addSecondFamily, podNetwork, six } from "./dual-stack.ts";
import { diagnose, useProduct } from "./product.ts";
import { saidText } from "./said-causes.ts";
import { ownLabName } from "./take-down.ts";
import { on, runSteps, type Scene, type Step, sceneOf } from "./unlisted-fault.ts";

interface Fault {
  readonly id: string;
  readonly inject: (scene: Scene) => readonly Step[];
  readonly revert: (scene: Scene) => readonly Step[];
  readonly said: (scene: Scene) => string;
}

const FAULTS: readonly Fault[] = [
  {
    id: "IPv6 is not forwarded",
    inject: ({ far }) => [on(far.netns, "sysctl -q -w net.ipv6.conf.all.forwarding=0")],
    revert: ({ far }) => [on(far.netns, "sysctl -q -w net.ipv6.conf.all.forwarding=1")],
    said: ({ far }) => `ip-forward-off ${far.name} net.ipv6.conf.all.forwarding`,
  },
  {
    id: "neighbour discovery is dropped",
    inject: ({ far, near }) => [
      on(far.netns, "ip6tables-nft -I INPUT 1 -p ipv6-icmp -j DROP", "ip -6 neigh flush dev eth0"),
      on(near.netns, "ip -6 neigh flush dev eth0"),
    ],
    revert: ({ far }) => [on(far.netns, "ip6tables-nft -D INPUT 1")],
    said: ({ far }) => `rule-drops ${far.name} rule iptables-nft:filter/INPUT#1`,
  },
  {
    id: "a pod has no IPv6 way out, and a node that does not masquerade what is for its own pods asks it",
    inject: (scene) => [on(farWeb(scene).netns, "ip -6 route del default")],
    revert: (scene) => [
      on(farWeb(scene).netns, `ip -6 route add default via ${podNetwork(scene.far).replace("::/64", "::1")} dev eth0`),
    ],
    said: ({ far }) => `pod-no-default-route ${far.name} route ::/0 table main`,
  },
];

const product = useProduct();

describeLabs("a cluster of two families", () => {
  const lab = new BenchLab(product, { name: ownLabName("mxd"), nodes: 2, cni: "flannel", overlay: "host-gw" });
  let servers: readonly ChildProcess[] = [];

  beforeAll(async () => {
    await lab.build();
    servers = await addSecondFamily(lab.bench.plan);
  }, 120_000);
  afterAll(async () => {
    for (const server of servers) server.kill();
    await lab.takeDown();
  });

  const scene = () => sceneOf(lab.bench.lab, lab.bench.plan);
  const url = () => `http://[${six(scene().near.address)}]:30008/`;

  test("is healthy by a node port of IPv6", async () => {
    const { verdict, problem } = await diagnose(product, lab.bench.lab, url());
    expect(verdict?.outcome ?? problem).toBe("healthy");
    expect(verdict?.branches.map(({ to }) => to).sort()).toEqual(
      lab.bench.plan.pods
        .filter(({ app }) => app === "web")
        .map(({ address }) => `[${six(address)}]:8080`)
        .sort(),
    );
  }, 60_000);

  test.each(FAULTS.map((fault) => [fault.id, fault] as const))(
    "%s",
    async (_id, fault) => {
      await runSteps(fault.inject(scene()));
      try {
        const { verdict, problem } = await diagnose(product, lab.bench.lab, url());
        const cause = verdict?.cause == null ? problem : `${verdict.confidence} ${saidText(verdict.cause)}`;
        expect(cause).toBe(`confirmed ${fault.said(scene())}`);
        expect(verdict?.otherCauses).toEqual([]);
      } finally {
        await runSteps(fault.revert(scene()));
      }
      const web = scene().plan.pods.filter(({ app }) => app === "web");
      for (const { address } of web)
        await expect.poll(() => statusFrom(scene().near.netns, `http://[${six(address)}]:8080/`)).toBe("200");
    },
    90_000,
  );
});

function farWeb({ plan, far }: Scene) {
  const pod = plan.pods.find(({ app, node }) => app === "web" && node === far.name);
  return pod ?? podOf(plan, "web");
}
