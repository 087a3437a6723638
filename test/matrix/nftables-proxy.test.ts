import { afterAll, beforeAll, expect, test } from "vitest";
import { serviceOf } from "../../src/lab/plan.ts";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "./bench-lab.ts";
import { clusterIpKey, proxyByNftables } from "./nftables-proxy.ts";
import { diagnose, useProduct } from "./product.ts";
import { saidText } from "./said-causes.ts";
import { countsText, isHealthy, symptomsOf } from "./symptoms.ts";
import { ownLabName } from "./take-down.ts";
import { diagnoseFirstBroken } from "./trial.ts";
import { wrongLastHop } from "./trial-text.ts";
import { on, runSteps, type Scene, type Step, sceneOf } from "./unlisted-fault.ts";

interface Fault {
  readonly id: string;
  readonly inject: (scene: Scene) => readonly Step[];
  readonly revert: (scene: Scene) => readonly Step[];
  readonly said: (scene: Scene) => string;
}

const TABLE = "ip kube-proxy";
const BACKEND_CHAIN = "service-default/backend/tcp/http";

const FAULTS: readonly Fault[] = [
  {
    id: "a switch on the path",
    inject: ({ far }) => [on(far.netns, "sysctl -q -w net.ipv4.ip_forward=0")],
    revert: ({ far }) => [on(far.netns, "sysctl -q -w net.ipv4.ip_forward=1")],
    said: ({ far }) => `confirmed ip-forward-off ${far.name} net.ipv4.ip_forward`,
  },
  {
    id: "a Service's entry missing",
    inject: (scene) => [on(scene.near.netns, `nft delete element ${TABLE} service-ips '{ ${backendKey(scene)} }'`)],
    revert: (scene) => [
      on(scene.near.netns, `nft add element ${TABLE} service-ips '{ ${backendKey(scene)} : goto ${BACKEND_CHAIN} }'`),
    ],
    said: (scene) =>
      `likely svc-not-translated ${scene.near.name} service ${serviceOf(scene.plan, "backend").clusterIp}:80`,
  },
  {
    id: "an endpoint of yesterday",
    inject: ({ near }) => [
      on(
        near.netns,
        `nft add chain ${TABLE} endpoint-old`,
        `nft add rule ${TABLE} endpoint-old meta l4proto tcp dnat to 10.42.1.77:8080`,
        `nft insert rule ${TABLE} ${BACKEND_CHAIN} goto endpoint-old`,
      ),
    ],
    revert: ({ near }) => [
      on(
        near.netns,
        `sh -c 'nft delete rule ${TABLE} ${BACKEND_CHAIN} handle $(nft -a list chain ${TABLE} ${BACKEND_CHAIN} | sed -n "s/.*goto endpoint-old # handle //p")'`,
        `nft delete chain ${TABLE} endpoint-old`,
      ),
    ],
    said: ({ near }) => `confirmed kubeproxy-stale-endpoint ${near.name} rule nft:kube-proxy/endpoint-old#1`,
  },
  {
    id: "a rule put before the verdict map",
    inject: ({ near }) => [on(near.netns, `nft insert rule ${TABLE} service-endpoints-check tcp dport 8080 drop`)],
    revert: ({ near }) => [
      on(
        near.netns,
        `nft flush chain ${TABLE} service-endpoints-check`,
        `nft add rule ${TABLE} service-endpoints-check ip daddr . meta l4proto . th dport vmap @no-endpoint-services`,
      ),
    ],
    said: ({ near }) => `confirmed forward-drop ${near.name} rule nft:kube-proxy/service-endpoints-check#1`,
  },
];

const product = useProduct();

describeLabs("kube-proxy in nftables mode", () => {
  const lab = new BenchLab(product, { name: ownLabName("mxn"), nodes: 2, cni: "flannel", overlay: "vxlan" });

  beforeAll(async () => {
    await lab.build();
    await proxyByNftables(lab.bench.plan);
  }, 120_000);
  afterAll(() => lab.takeDown());

  test("is healthy", async () => {
    const { lab: built, plan } = lab.bench;
    for (const symptom of symptomsOf(built, plan)) {
      expect(countsText(await symptom.try())).toMatch(/200|NOERROR/);
      const { verdict, problem } = await diagnose(product, built, symptom.input, symptom.flags ?? []);
      expect([symptom.input, verdict?.outcome ?? problem]).toEqual([symptom.input, "healthy"]);
    }
  }, 120_000);

  test.each(FAULTS.map((fault) => [fault.id, fault] as const))(
    "%s is named",
    async (_id, fault) => {
      const { lab: built, plan } = lab.bench;
      const scene = sceneOf(built, plan);
      const symptoms = symptomsOf(built, plan);
      await runSteps(fault.inject(scene));
      try {
        const trial = await diagnoseFirstBroken(product, built, symptoms);
        if (trial === null) throw new Error("it breaks nothing");
        const { verdict, problem } = trial.diagnosis;
        const cause = verdict?.cause == null ? problem : `${verdict.confidence} ${saidText(verdict.cause)}`;
        expect(cause).toBe(fault.said(scene));
        expect(wrongLastHop(trial)).toEqual([]);
      } finally {
        await runSteps(fault.revert(scene));
      }
      expect((await Promise.all(symptoms.map((one) => one.try()))).every(isHealthy)).toBe(true);
    },
    120_000,
  );
});

function backendKey({ plan }: Scene): string {
  const service = serviceOf(plan, "backend");
  const [port] = service.ports;
  if (port === undefined) throw new Error("the backend has no port");
  return clusterIpKey(service, port);
}
