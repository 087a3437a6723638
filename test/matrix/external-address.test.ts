import { afterAll, beforeAll, expect, test } from "vitest";
import { patchObject } from "../../src/lab/api-client.ts";
import type { PlannedNode } from "../../src/lab/plan.ts";
import { requireLab } from "../../src/lab/state.ts";
import { command } from "../lab/command.ts";
import { describeLabs } from "../lab/lab-bundle.ts";
import { BenchLab } from "./bench-lab.ts";
import { diagnose, useProduct } from "./product.ts";
import { saidText } from "./said-causes.ts";
import { getFrom } from "./symptoms.ts";
import { ownLabName } from "./take-down.ts";
import { on, runSteps, type Scene, type Step, sceneOf } from "./unlisted-fault.ts";

const ADDRESS = "192.168.6.200";
const URL = `http://${ADDRESS}/`;

/**
 * As MetalLB announces it in layer 2 mode: a node's process answers ARP for an address that no link has, and the node's kernel
 * knows nothing of it. Here the port by which the client is plugged into the LAN gives the answer that such a process gives.
 */
function announce({ plan }: Scene, mac: string): Step {
  const asked = `arp operation request arp daddr ip ${ADDRESS}`;
  const toAsker = `ether daddr set ether saddr arp daddr ether set arp saddr ether arp daddr ip set arp saddr ip`;
  const fromNode = `ether saddr set ${mac} arp saddr ether set ${mac} arp saddr ip set ${ADDRESS}`;
  return on(
    plan.lanNetns,
    "nft add table netdev speaker",
    `nft add chain netdev speaker answers '{ type filter hook ingress device "client" priority 0; }'`,
    `nft add rule netdev speaker answers ${asked} ${toAsker} ${fromNode} arp operation set reply fwd to client`,
  );
}

/** What kube-proxy writes for an external address; its chain is there for the node port. */
function proxied({ netns }: PlannedNode): Step {
  const chain = `$(iptables-nft -t nat -S KUBE-NODEPORTS | sed -n "s/.*--dport 30007 -j //p")`;
  const rule = `-d ${ADDRESS}/32 -p tcp -m comment --comment "default/frontend:http external IP" -m tcp --dport 80`;
  return on(netns, `sh -c 'iptables-nft -t nat -I KUBE-SERVICES 1 ${rule} -j ${chain}'`);
}

const product = useProduct();

describeLabs("an external address that a load balancer announces", () => {
  const lab = new BenchLab(product, { name: ownLabName("mxx"), nodes: 3, cni: "flannel", overlay: "vxlan" });
  const scene = (): Scene => sceneOf(lab.bench.lab, lab.bench.plan);
  /** Nobody has asked for it yet: no kernel's neighbours tell whose it is when the facts are read. */
  const forget = (): Promise<void> => runSteps([on(lab.bench.plan.clientNetns, "ip neigh flush dev eth0")]);

  const said = async (): Promise<readonly unknown[]> => {
    await forget();
    const { verdict, problem } = await diagnose(product, lab.bench.lab, URL);
    if (verdict === null) return [problem];
    const { outcome, confidence, cause, lastHop, notChecked } = verdict;
    const isWalkOpen = notChecked.some(({ what }) => what.startsWith("the walk to"));
    return [outcome, confidence, cause === null ? null : saidText(cause), lastHop?.node ?? null, isWalkOpen];
  };

  beforeAll(async () => {
    await lab.build();
    const { near, far } = scene();
    // Announced by the node that the gateway's pod is not on: the packet crosses the overlay.
    const mac = await command("ip", "netns", "exec", far.netns, "cat", "/sys/class/net/eth0/address");
    await runSteps([announce(scene(), mac.stdout.trim()), ...[near, far].map(proxied)]);
    const { api } = requireLab(lab.bench.lab.name);
    if (api === null) throw new Error("the lab has no API");
    await patchObject(api, "/api/v1/namespaces/default/services/frontend", [
      { op: "add", path: "/spec/externalIPs", value: [ADDRESS] },
    ]);
  }, 120_000);
  afterAll(() => lab.takeDown());

  test("is healthy", async () => {
    expect(await getFrom(lab.bench.plan.clientNetns, URL)).toBe("200");
    expect(await said()).toEqual(["healthy", null, null, null, false]);
  }, 60_000);

  test("a switch on the way to its endpoint is named", async () => {
    const { near } = scene();
    await runSteps([on(near.netns, "sysctl -q -w net.ipv4.ip_forward=0")]);
    try {
      expect(await said()).toEqual([
        "broken",
        "confirmed",
        `ip-forward-off ${near.name} net.ipv4.ip_forward`,
        near.name,
        false,
      ]);
    } finally {
      await runSteps([on(near.netns, "sysctl -q -w net.ipv4.ip_forward=1")]);
    }
  }, 60_000);

  test("that nobody announces any more is lost at its sender, and no cause is invented", async () => {
    await runSteps([on(lab.bench.plan.lanNetns, "nft delete table netdev speaker")]);
    expect(await said()).toEqual(["broken", "suspected", null, "here", true]);
  }, 60_000);
});
