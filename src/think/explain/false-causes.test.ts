import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import {
  causesOf,
  EVERYWHERE,
  flowTo,
  isSaid,
  isTrue,
  NOWHERE,
  told,
  triedIn,
  type Watch,
} from "../../../test/explain/what-happens.ts";
import type { World } from "../../facts/world.ts";
import type { Flow } from "../walk/branch.ts";
import { walk } from "../walk/walk.ts";

/**
 * The worst that can be said is a cause that is none. Here the real world differs from what was read by a fault that no walk
 * knows of (XDP, eBPF, hardware), next to things that were read and look or are wrong. Whatever is called likely or better has
 * to help when it is undone in the real world.
 */

const FRONTEND = "k2/pod:default/frontend-764dfd4598-gnkwp";
const DROP = [{ do: "DROP" }] as const;

/** Read, and wrong by itself or harmless. */
const READ: Readonly<Record<string, make.Change>> = {
  "nothing else": (world) => world,
  "ip_forward is 0 on k2": make.sysctl("k2/host", "net.ipv4.ip_forward", "0"),
  "ip_forward is 0 on k3": make.sysctl("k3/host", "net.ipv4.ip_forward", "0"),
  "cni0 does not forward on k2": make.sysctl("k2/host", "net.ipv4.conf.cni0.forwarding", "0"),
  "FORWARD drops on k2": make.rule("k2/host", "filter/FORWARD", DROP),
  "FORWARD's policy is DROP on k2": make.policy("k2/host", "filter/FORWARD"),
  "k2 has no route back": make.noRoute("k2/host", "10.42.2.0/24"),
  "k1 has no route to k2's pods": make.noRoute("k1/host", "10.42.0.0/24"),
  "k1 has no FDB entry for k2": make.noFdbTo("k1/host", "192.168.6.142"),
  "the pod's INPUT drops": make.nftDrop(FRONTEND, "INPUT"),
  "nobody listens in the pod": make.portClosed(FRONTEND),
  "k3's tunnel is down": make.linkDown("k3/host", "flannel.1"),
  "strict rp_filter on k2": make.all(
    make.sysctl("k2/host", "net.ipv4.conf.all.rp_filter", "1"),
    make.sysctl("k2/host", "net.ipv4.conf.flannel/1.rp_filter", "1"),
  ),
};

/** Real, and in no fact. */
const HIDDEN: Readonly<Record<string, make.Change>> = {
  nothing: (world) => world,
  "k1 drops what leaves it": make.rule("k1/host", "mangle/POSTROUTING", DROP, [], 200_000),
  "k1 drops replies": make.rule("k1/host", "mangle/PREROUTING", DROP, [], 200_000),
  "the tunnel's packets are lost on k2": make.rule("k2/host", "filter/INPUT", DROP, [], 200_000),
  "k2 drops what leaves it": make.rule("k2/host", "mangle/POSTROUTING", DROP, [], 200_000),
  "k2 rejects": make.rule(
    "k2/host",
    "mangle/POSTROUTING",
    [{ do: "REJECT", with: "icmp-port-unreachable" }],
    [],
    200_000,
  ),
  "k2's neighbour for the pod is wrong": make.wrongNeighbour("k2/host", "10.42.0.3"),
  "the pod is deaf": make.portClosed(FRONTEND),
};

const ON_NODES: Watch = { ...EVERYWHERE, tapped: (id) => id.endsWith("/host") };
const WATCHES: Readonly<Record<string, Watch>> = {
  "a tap on k2 that lost all that left": {
    ...ON_NODES,
    trusted: (id) => id !== "k2/host",
    lost: (p) => p.netns === "k2/host" && p.direction === "out",
  },
  "a tap on the sender alone": { ...EVERYWHERE, tapped: (id) => id === "k1/host" },
};

const TO_POD = flowTo("k1/host", "10.42.0.3", 8080);
const FLOWS: Readonly<Record<string, Flow>> = {
  "a node to a pod": TO_POD,
  "a pod to a Service": flowTo("k1/pod:default/frontend-764dfd4598-hxw42", "10.43.238.112", 80),
};

describe("with a fault in no fact, nothing is called a cause that is none", () => {
  let healthy: World;
  beforeAll(async () => {
    healthy = (await recordedCluster("vxlan-healthy")).world;
  });

  /** Where taps are not everywhere a loss that was not heard of may be guessed at; but nothing is confirmed that is not so. */
  async function falselySaid(believed: World, base: World, flow: Flow, watch: Watch): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const [name, hidden] of Object.entries(HIDDEN)) {
      const real = hidden(base);
      if (isBlurred(believed, real, flow, watch)) continue;
      const causes = await causesOf(believed, triedIn(believed, real, flow, watch));
      const said = causes.filter((c) => (watch === EVERYWHERE ? isSaid(c) : c.confidence === "confirmed"));
      const falsely = said.filter((c) => c.id !== "fabric-drop" && !isTrue(c, causes, real));
      wrong.push(...falsely.map((c) => `${name}: ${told(c)}`));
    }
    return wrong;
  }

  describe.each(Object.keys(READ))("%s", (readName) => {
    const read = READ[readName] as make.Change;

    test.each(Object.keys(FLOWS))("%s, taps everywhere", async (flowName) => {
      const believed = read(healthy);
      expect(await falselySaid(believed, believed, FLOWS[flowName] as Flow, EVERYWHERE)).toEqual([]);
    });

    test.each(Object.keys(WATCHES))("%s", async (watchName) => {
      const believed = read(healthy);
      expect(await falselySaid(believed, believed, TO_POD, WATCHES[watchName] as Watch)).toEqual([]);
    });

    // Read as it is, and understood wrongly: in the real world it stops nothing.
    test.each(["taps everywhere", "a tap on k2 that lost all that left"])("misunderstood, %s", async (watchName) => {
      const watch = WATCHES[watchName] ?? EVERYWHERE;
      expect(await falselySaid(read(healthy), healthy, TO_POD, watch)).toEqual([]);
    });
  });

  test("and that is not because nothing is ever said", async () => {
    const said: string[] = [];
    for (const change of Object.values(READ)) {
      const world = change(healthy);
      const causes = await causesOf(world, triedIn(world, world, TO_POD));
      said.push(causes.map(told).join(" + "));
    }
    expect(said).toEqual([
      "",
      "confirmed ip-forward-off k2 net.ipv4.ip_forward",
      "",
      "confirmed per-iface-forwarding-off k2 net.ipv4.conf.cni0.forwarding",
      "confirmed forward-drop k2 rule iptables-nft:filter/FORWARD#1",
      "",
      "confirmed no-route-to-pod-cidr k2 route 10.42.2.0/24 table main",
      "confirmed no-route-to-pod-cidr k1 route 10.42.0.0/24 table main",
      "confirmed vxlan-fdb-missing k1 fdb 9a:47:6c:cd:67:4a dev flannel.1",
      "confirmed pod-iptables-drop k2 rule nft:guard/stop#1",
      "confirmed port-closed k2 socket tcp 8080",
      "",
      "",
    ]);
  });

  test("without any tap nothing is confirmed", async () => {
    for (const change of Object.values(READ)) {
      const world = change(healthy);
      for (const flow of Object.values(FLOWS)) {
        const causes = await causesOf(world, triedIn(world, world, flow, NOWHERE));
        expect(causes.filter((c) => c.confidence === "confirmed").map(told)).toEqual([]);
      }
    }
  });
});

/** Both ways end behind the same last tap: nothing that was seen tells them apart. */
function isBlurred(believed: World, real: World, flow: Flow, watch: Watch): boolean {
  const lastOf = (world: World): string =>
    walk(world, flow)
      .branches.map((b) => lastTap(b, watch))
      .join("\n");
  return believed !== real && lastOf(believed) === lastOf(real);
}

function lastTap(branch: ReturnType<typeof walk>["branches"][number], { tapped }: Watch): string {
  const legs = [branch, ...branch.reply.slice(0, 1)];
  const taps = legs.flatMap((leg, i) =>
    leg.steps
      .filter((s) => s.kind.startsWith("tap-") && tapped(s.netns))
      .map((s) => `${i} ${s.netns} ${s.link} ${s.kind}`),
  );
  return `${taps.at(-1)} ${branch.destination.ip.text}`;
}
