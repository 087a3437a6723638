import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diagnoseBundle, diagnoseText, FIXTURES, NODE_PORT, walkBundle } from "./offline-cli.ts";

interface Row {
  readonly bundle: string;
  readonly symptom: string;
  readonly status: 0 | 1;
  readonly cause: string | null;
  readonly confidence: "confirmed" | "likely" | null;
  readonly lastHop: string | null;
  readonly reason?: string;
}

const HEALTHY = { status: 0, cause: null, confidence: null, lastHop: null } as const;
const K2 = {
  bundle: "vxlan-ip-forward-off",
  status: 1,
  cause: "ip-forward-off k2 net.ipv4.ip_forward",
  lastHop: "k2 flannel.1 in request",
} as const;
const K3 = {
  bundle: "vxlan-udp-blocked",
  status: 1,
  cause: "vxlan-udp-blocked k3 rule iptables-nft:filter/INPUT#1",
  confidence: "likely",
} as const;
const NODE2 = {
  bundle: "ipip-resumed",
  status: 1,
  cause: "ip-forward-off node2 net.ipv4.ip_forward",
  confidence: "confirmed",
  lastHop: "node2 tunl0 in request",
  reason: "IpInAddrErrors",
} as const;

const TABLE: readonly Row[] = [
  { bundle: "vxlan-healthy", symptom: NODE_PORT, ...HEALTHY },
  { bundle: "vxlan-healthy", symptom: "svc/frontend", ...HEALTHY },
  { bundle: "vxlan-healthy", symptom: "svc/backend", ...HEALTHY },
  { bundle: "vxlan-healthy", symptom: "pod/frontend-764dfd4598-gnkwp", ...HEALTHY },
  { bundle: "ipip-healthy", symptom: NODE_PORT, ...HEALTHY },
  { bundle: "ipip-healthy", symptom: "svc/frontend", ...HEALTHY },
  { bundle: "ipip-healthy", symptom: "pod/frontend", ...HEALTHY },
  { bundle: "vxlan-forward-policy-drop", symptom: NODE_PORT, ...HEALTHY },
  { ...K2, symptom: NODE_PORT, confidence: "confirmed" },
  { ...K2, symptom: "svc/frontend", confidence: "confirmed" },
  { ...K2, symptom: "pod/frontend-764dfd4598-gnkwp", confidence: "confirmed" },
  { ...K3, symptom: NODE_PORT, lastHop: "k3 eth0 in request" },
  { ...K3, symptom: "svc/frontend", lastHop: "k3 eth0 in request" },
  { ...NODE2, symptom: NODE_PORT },
  { ...NODE2, symptom: "svc/frontend" },
  { ...NODE2, symptom: "pod/frontend" },
];

describe("a recorded cluster is diagnosed without a packet", () => {
  it.each(TABLE)("$bundle: $symptom", async ({ bundle, symptom, ...right }) => {
    const { status, verdict } = await diagnoseBundle(join(FIXTURES, bundle), symptom);
    const { cause, lastHop } = verdict;
    expect({
      status,
      cause: cause === null ? null : `${cause.id} ${cause.node} ${cause.object}`,
      confidence: verdict.confidence,
      lastHop: lastHop === null ? null : `${lastHop.node} ${lastHop.interface} ${lastHop.direction} ${lastHop.leg}`,
      ...(right.reason === undefined ? {} : { reason: lastHop?.reason }),
    }).toEqual(right);
    expect(verdict.outcome).toBe(right.status === 0 ? "healthy" : "broken");
    expect(verdict.otherCauses).toEqual([]);
  });

  it.each(["vxlan-ip-forward-off", "ipip-resumed", "vxlan-udp-blocked"])(
    "%s: the same answer twice",
    async (bundle) => {
      const [once, again] = [
        await diagnoseBundle(join(FIXTURES, bundle), NODE_PORT),
        await diagnoseBundle(join(FIXTURES, bundle), NODE_PORT),
      ].map(({ verdict: { timings: _, timeline, evidence, ...rest } }) => ({
        ...rest,
        timeline: timeline.map(({ event, text }) => ({ event, text })),
        evidence: evidence.map(({ at, ...e }) => e),
      }));
      expect(once).toEqual(again);
    },
  );
});

describe("what the captures hold", () => {
  it("adopts the flows that failed, from where they came: two connections from outside, three echoes from k1", async () => {
    const { verdict } = await diagnoseBundle(join(FIXTURES, "vxlan-ip-forward-off"), NODE_PORT);
    expect(verdict.symptom.from).toBe("192.168.6.1");
    const told = verdict.evidence.filter((e) => e.voice === "witness").flatMap((e) => e.excerpt.split("\n"));
    const lost = told.filter((line) => / timeout /.test(line)).map((line) => line.replace(/^#\d+ timeout /, ""));
    expect(lost.filter((l) => /^tcp 192\.168\.6\.1:\d+>192\.168\.6\.141:30007 /.test(l))).toHaveLength(2);
    expect(lost.filter((l) => /^icmp 10\.42\.2\.0>10\.42\.0\.3 /.test(l))).toHaveLength(3);
    expect(lost).toHaveLength(5);
    expect(verdict.path.map((p) => `${p.node} ${p.interface} ${p.direction} ${p.header} ${p.witnessed}`)).toEqual([
      "k1 eth0 in inner true",
      "k1 flannel.1 out inner true",
      "k1 eth0 out outer true",
      "k2 eth0 in outer true",
      "k2 flannel.1 in inner true",
    ]);
    expect(verdict.lastHop).toMatchObject({ expectedNext: "cni0", disposition: "FORWARDING_OFF", header: "inner" });
  });

  it("knows the node's own request by its connection tracking, and takes the counters around it", async () => {
    const { verdict } = await diagnoseBundle(join(FIXTURES, "ipip-resumed"), NODE_PORT);
    expect(verdict.symptom.from).toBe("node1");
    expect(verdict.ladder.find((r) => r.rung === "kernel")?.finding).toContain("node2 IpInAddrErrors +7");
    expect(verdict.ladder.find((r) => r.rung === "http")).toMatchObject({ status: "failed" });
    expect(verdict.ladder.find((r) => r.rung === "capture")?.finding).toMatch(/4 more flows last seen there/);
    expect(verdict.branches).toContainEqual(
      expect.objectContaining({ to: "10.244.104.23:8080", answered: 0, predicted: "FORWARDING_OFF" }),
    );
  });

  it("counts what was answered as answered", async () => {
    const { verdict } = await diagnoseBundle(join(FIXTURES, "vxlan-healthy"), NODE_PORT);
    const http = verdict.ladder.find((r) => r.rung === "http");
    expect(http).toMatchObject({
      status: "ok",
      finding: expect.stringMatching(/3 flows adopted; 3 of 3 tries answered/),
    });
  });
});

describe("without captures", () => {
  it("says of each rung that nothing was sent, and that it is by the walk", async () => {
    const { verdict } = await diagnoseBundle(join(FIXTURES, "vxlan-forward-policy-drop"), NODE_PORT);
    const skipped = verdict.ladder.filter((r) => r.status === "skipped").map((r) => r.rung);
    expect(skipped).toEqual(["http", "reach", "route", "capture", "kernel"]);
    expect(verdict.ladder.find((r) => r.rung === "http")?.finding).toMatch(/not probed/);
    expect(verdict.summary).toMatch(/recorded/);
    expect(verdict.evidence.filter((e) => e.voice === "witness")).toEqual([]);
    expect(await diagnoseText(join(FIXTURES, "vxlan-forward-policy-drop"), NODE_PORT)).toMatch(/sends nothing/);
  });
});

describe("lasthop walk --bundle", () => {
  const bundle = join(FIXTURES, "vxlan-ip-forward-off");
  it("ends where forwarding is off, and delivers with --set", async () => {
    expect(await walkBundle(bundle, "node/k1", "pod/frontend-764dfd4598-gnkwp")).toMatchObject({
      status: 1,
      printed: expect.stringContaining("FORWARDING_OFF"),
    });
    const cured = ["k2:net.ipv4.ip_forward=1"];
    expect(await walkBundle(bundle, "node/k1", "pod/frontend-764dfd4598-gnkwp", cured)).toMatchObject({ status: 0 });
    expect(await walkBundle(bundle, "node/k3", NODE_PORT, cured)).toMatchObject({ status: 0 });
  });
});
