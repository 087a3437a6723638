import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { said } from "../../test/said.ts";
import { ip } from "../facts/ip.ts";
import { correlate } from "./correlate/correlate.ts";
import { lastHopOf, tallyTrails } from "./testing/last-hop.ts";
import { buildTrails, type ExpectedPoint, type Trail } from "./correlate/trail.ts";
import { answeredCount } from "./testing/answered-count.ts";
import type { Probe, ProbeResult } from "./probe/probe.ts";
import { sendProbes } from "./probe/send-probes.ts";
import type { TapReport } from "./sighting.ts";
import type { Place } from "./tap/place.ts";
import { startTap } from "./tap/start-tap.ts";
import { tapFilter } from "./tap/tap-filter.ts";
import { openNetnsReader } from "../read/transport/netns.ts";
import { TestCluster } from "./test-cluster.ts";

const LIMITS = { timeoutMs: 30_000, maxBytes: 64 << 20 };
const random = (count: number) => new Uint8Array(randomBytes(count));
const isRoot = process.getuid?.() === 0;

const REQUEST = [
  "n1 veth0 in inner",
  "n1 cni0 in inner",
  "n1 flannel.1 out inner",
  "n1 eth0 out outer",
  "n2 eth0 in outer",
  "n2 flannel.1 in inner",
  "n2 cni0 out inner",
  "n2 veth0 out inner",
];
const FROM_POD = ["n1:p1 eth0 out inner", ...REQUEST, "n2:p2 eth0 in inner"];

function short(sighting: { netns: string; link: string; direction: string | null; header: string }): string {
  return `${sighting.netns.replace("/host", "").replace("/pod:default/", ":")} ${sighting.link} ${sighting.direction} ${sighting.header}`;
}

function back(points: readonly string[]): string[] {
  return points.map((p) => (/ in /.test(p) ? p.replace(" in ", " out ") : p.replace(" out ", " in "))).reverse();
}

function walked(trail: Trail | undefined, leg: "request" | "reply"): string[] {
  return trail?.[leg].map((point) => short(point.sighting)) ?? [];
}

describe.skipIf(!isRoot)("real packets between namespaces (skipped: needs root)", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = new TestCluster(openNetnsReader);
    await cluster.serve();
  });
  afterAll(async () => {
    await cluster?.close();
  });

  interface Seen {
    readonly results: readonly ProbeResult[];
    readonly reports: readonly TapReport[];
    readonly unlearnt: readonly { readonly id: string }[];
    readonly trail: (probe: string, expected?: readonly ExpectedPoint[]) => Trail | undefined;
    readonly trails: (probe: string) => Trail[];
    readonly kept: readonly string[];
  }

  async function witness(
    probes: readonly Probe[],
    places?: readonly Place[],
    keepIn: string | null = null,
  ): Promise<Seen> {
    const where = places ?? [cluster.hosts.n1, cluster.hosts.n2, cluster.pods.p1, cluster.pods.p2];
    const filter = tapFilter([
      { protocol: "tcp", ports: [80, 8080, 9] },
      { protocol: "udp", ports: [53, 5353, 7000] },
    ]);
    const taps = await Promise.all(
      where.map((place) => startTap(cluster.reader, place, { filter, limits: LIMITS, keepIn })),
    );
    const results = await sendProbes(cluster.reader, probes, random);
    const heard = await Promise.all(taps.map((tap) => tap.stop()));
    const { sightings, unlearnt } = correlate(
      results.flatMap((r) => r.tracers),
      heard.flatMap((h) => h.frames),
    );
    const senderOf = (id: string) => probes.find((p) => id.startsWith(`${p.id}#`))?.from.netns ?? null;
    return {
      results,
      unlearnt,
      reports: heard.map((h) => h.report),
      kept: heard.flatMap((h) => h.kept),
      trail: (probe, expected = []) => buildTrails(sightings, expected, senderOf).find((t) => t.probe === probe),
      trails: (probe) =>
        buildTrails(sightings, [], senderOf).filter(
          (t) => t.probe.startsWith(`${probe}#`) && !t.probe.endsWith(":data"),
        ),
    };
  }

  const common = (id: string, from: Place, dst: string, attempts = 2) => ({
    id,
    from,
    src: null,
    dst: ip(dst),
    attempts,
    // What is answered does not wait for it: only a busy machine does.
    deadlineMs: 10_000,
    alsoTo: [],
  });
  const http = (id: string, from: Place, dst: string, port: number): Probe => ({
    ...common(id, from, dst),
    kind: "http",
    port,
    method: "GET",
    scheme: "http",
    host: null,
    path: "/",
  });

  it("follows every protocol through DNAT, random masquerade and VXLAN, there and back", async () => {
    const { p1 } = cluster.pods;
    const probes: Probe[] = [
      http("web", p1, "10.88.0.1", 80),
      { ...common("tcp", p1, "10.88.0.1"), kind: "tcp", port: 80, alsoTo: [{ ip: ip("10.77.2.2"), port: 8080 }] },
      { ...common("ping", p1, "10.77.2.2", 16), kind: "icmp", bytes: null },
      { ...common("dns", p1, "10.88.0.1"), kind: "udp", port: 53, zone: "cluster.local" },
      { ...common("udp", p1, "10.77.2.2"), kind: "udp", port: 7000, zone: null },
    ];
    const seen = await witness(probes);
    expect(seen.reports.map((r) => r.why)).toEqual([null, null, null, null]);
    expect(seen.reports.every((r) => r.trustworthy && r.dropped === 0)).toBe(true);
    for (const result of seen.results) {
      expect(answeredCount(result), `${result.probe.id} ${JSON.stringify(result.answers)}`).toBe(result.probe.attempts);
    }
    expect(seen.unlearnt).toEqual([]);
    expect(seen.results[0]?.answers.map((a) => a.httpStatus)).toEqual([200, 200]);
    expect(seen.results[3]?.answers.map((a) => a.detail)).toEqual(["NXDOMAIN", "NXDOMAIN"]);
    for (const probe of probes) {
      const trails = seen.trails(probe.id);
      expect(trails.length, probe.id).toBe(probe.attempts);
      for (const trail of trails) {
        expect(walked(trail, "request"), trail.probe).toEqual(FROM_POD);
        expect(walked(trail, "reply"), trail.probe).toEqual(back(FROM_POD));
      }
    }
    // What curl says of its port is what the tap saw.
    const first = seen.trail("web#1")?.request[0]?.sighting.headers.find((h) => h.kind === "tcp");
    expect(first?.kind === "tcp" && first.sport).toBe(seen.results[0]?.answers[0]?.sport);
    expect(walked(seen.trail("web#1:data"), "reply")).toEqual(back(FROM_POD));
    // All side by side: each has begun before the pings, sixteen of them 0.2 s apart, are over.
    const times = (id: string) =>
      seen
        .trails(id)
        .flatMap(({ request, reply }) => [...request, ...reply])
        .map(({ sighting }) => Number(sighting.atNs));
    const pinged = Math.max(...times("ping"));
    for (const { id } of probes) expect(Math.min(...times(id)), id).toBeLessThan(pinged);
  });

  it("learns the connections of a host, whose packets are captured after OUTPUT and POSTROUTING", async () => {
    const probe = { ...http("host", cluster.hosts.n1, "10.88.0.1", 80), alsoTo: [{ ip: ip("10.77.2.2"), port: 8080 }] };
    const seen = await witness([probe]);
    expect(seen.results[0]?.answers.map((a) => a.outcome)).toEqual(["answered", "answered"]);
    expect(seen.unlearnt).toEqual([]);
    const trail = seen.trail("host#2");
    expect(walked(trail, "request")).toEqual([...REQUEST.slice(2), "n2:p2 eth0 in inner"]);
    const sent = trail?.request[0]?.sighting.headers.find((h) => h.kind === "tcp");
    // The port was masqueraded: nothing but the sequence number is left of what curl asked for.
    expect(sent?.kind === "tcp" && sent.dport).toBe(8080);
  });

  it("ends at flannel.1 in, when n2 does not forward; and proves the silence behind it", async () => {
    cluster.in("n2", "sysctl -qw net.ipv4.ip_forward=0");
    try {
      const dir = mkdtempSync(join(tmpdir(), "lhwt-"));
      const probes: Probe[] = [
        http("web", cluster.pods.p1, "10.88.0.1", 80),
        { ...common("ping", cluster.pods.p1, "10.77.2.2", 3), kind: "icmp", bytes: null },
        { ...common("dns", cluster.pods.p1, "10.88.0.1"), kind: "udp", port: 53, zone: "cluster.local" },
        { ...common("tcp", cluster.pods.p1, "10.77.2.2"), kind: "tcp", port: 8080 },
      ];
      const seen = await witness(
        probes.map((probe) => ({ ...probe, deadlineMs: 1000 })),
        undefined,
        dir,
      );
      const expected = REQUEST.map((text): ExpectedPoint => {
        const [node, link, direction, header] = text.split(" ");
        return { netns: `${node}/host`, link, direction, leg: "request", header } as ExpectedPoint;
      });
      for (const result of seen.results) {
        expect(result.answers.map((a) => a.outcome)).toEqual(result.answers.map(() => "timeout"));
        const trails = seen.trails(result.probe.id);
        expect(trails.length).toBe(result.probe.attempts);
        for (const { probe } of trails) {
          const trail = seen.trail(probe, expected) as Trail;
          const hop = lastHopOf(trail, expected, seen.reports, cluster.pods.p1.netns);
          expect(hop.point && short(hop.point.sighting), probe).toBe("n2 flannel.1 in inner");
          expect(hop).toMatchObject({ leg: "request", isOffPath: false, absenceIsProven: true, returned: false });
          expect(hop.next).toMatchObject({ netns: "n2/host", link: "cni0" });
        }
      }
      const table = tallyTrails(seen.trails("ping"), expected, "request");
      expect(table.slice(-3).map((row) => [row.point.link, row.attempts])).toEqual([
        ["flannel.1", 3],
        ["cni0", 0],
        ["veth0", 0],
      ]);
      // The oracle: stock tcpdump's own text of the captures that were kept.
      expect(readdirSync(dir).sort()).toEqual([
        "n1-host.pcap",
        "n1-pod-default-p1.pcap",
        "n2-host.pcap",
        "n2-pod-default-p2.pcap",
      ]);
      const text = execFileSync("tcpdump", ["-Z", "root", "-nn", "-r", join(dir, "n2-host.pcap"), "icmp"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      expect(text.match(/echo request/g)?.length).toBe(3);
      rmSync(dir, { recursive: true });
    } finally {
      cluster.in("n2", "sysctl -qw net.ipv4.ip_forward=1");
    }
  });

  it("tells refusals, rejects, missing routes and sizes apart", async () => {
    cluster.in(
      "n2",
      "iptables-nft -A FORWARD -p tcp --dport 9 -d 10.77.2.2 -j REJECT --reject-with icmp-host-prohibited",
    );
    cluster.in("n1", "ip route add unreachable 10.66.0.0/24");
    const { p1 } = cluster.pods;
    const seen = await witness([
      { ...common("closed", p1, "10.77.2.2"), kind: "tcp", port: 80 },
      { ...common("rejected", p1, "10.77.2.2"), kind: "tcp", port: 9 },
      { ...common("noroute", p1, "10.66.0.1"), kind: "tcp", port: 80 },
      { ...common("udp", p1, "10.77.2.2"), kind: "udp", port: 5354, zone: null },
      { ...common("small", p1, "10.77.2.2"), kind: "icmp", bytes: 1400 },
      { ...common("large", p1, "10.77.2.2"), kind: "icmp", bytes: 1500 },
      { ...common("gone", { ...p1, path: "/run/netns/lhwt-none" }, "10.77.2.2"), kind: "icmp", bytes: null },
    ]);
    const outcome = (i: number) => [...new Set(seen.results[i]?.answers.map((a) => a.outcome))].join();
    expect([0, 1, 2, 3, 4, 5, 6].map(outcome)).toEqual([
      "refused",
      "unreachable",
      "unreachable",
      "refused",
      "answered",
      "too-big",
      "failed",
    ]);
    expect(said(seen.results[6]?.notChecked[0]?.why)).toMatch(/lhwt-none/);
    // A reset is no socket's answer: the request ends where it was last seen.
    const closed = lastHopOf(seen.trail("closed#1") as Trail, [], seen.reports, p1.netns);
    expect(closed.point && short(closed.point.sighting)).toBe("n2:p2 eth0 in inner");
    const error = seen.trail("rejected#1")?.errors[0];
    expect(error).toMatchObject({ type: 3, code: 10 });
    expect(walked(seen.trail("rejected#1"), "request").at(-1)).toBe("n2 flannel.1 in inner");
    // Only the first large echo leaves: then the kernel has learnt the path's MTU.
    expect(seen.trail("large#1")?.errors[0]).toMatchObject({ type: 3, code: 4, mtu: 1450 });
    cluster.in("n1", "ip route del unreachable 10.66.0.0/24");
  });

  it("does not trust a tap that could not start, and says why", async () => {
    const tap = await startTap(
      cluster.reader,
      { ...cluster.pods.p1, path: "/run/netns/lhwt-none" },
      { filter: "", limits: LIMITS },
    );
    const { report } = await tap.stop();
    expect(report).toMatchObject({ started: false, trustworthy: false });
    expect(said(report.why)).toMatch(/lhwt-none/);
    const bad = await startTap(cluster.reader, cluster.hosts.n1, { filter: "no such filter", limits: LIMITS });
    expect(said((await bad.stop()).report.why)).toMatch(/syntax error|can't parse/);
    const nowhere = await startTap(
      cluster.reader,
      { netns: "n9/host", node: "n9", path: null },
      { filter: "", limits: LIMITS },
    );
    expect((await nowhere.stop()).report).toMatchObject({ started: false, trustworthy: false });
    const brief = await startTap(cluster.reader, cluster.hosts.n1, {
      filter: "",
      limits: { ...LIMITS, timeoutMs: 3000 },
    });
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const { report: early } = await brief.stop();
    expect(early).toMatchObject({ started: true, trustworthy: false });
    expect(said(early.why)).toBe("tcpdump ended before it was stopped");
  });

  it("leaves no tcpdump behind, even when its owner is killed", async () => {
    const mine = () => tcpdumpsIn(cluster.prefix);
    const tap = await startTap(cluster.reader, cluster.hosts.n1, { filter: "", limits: LIMITS });
    expect(mine().length).toBe(1);
    await tap.stop();
    expect(mine()).toEqual([]);
    const dir = mkdtempSync(join(tmpdir(), "lhwt-"));
    const program = join(dir, "owner.mjs");
    await bundle(cluster.netns("n1"), program);
    const owner = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => owner.stdout.once("data", resolve));
    expect(mine().length).toBe(1);
    owner.kill("SIGKILL");
    await new Promise((resolve) => owner.once("exit", resolve));
    for (let i = 0; i < 40 && mine().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(mine()).toEqual([]);
    rmSync(dir, { recursive: true });
  });

  /** A program of its own that starts a tap and then hangs. */
  async function bundle(netns: string, outfile: string): Promise<void> {
    const { build } = await import("esbuild");
    await build({
      stdin: {
        contents: `import { openNetnsReader } from "./src/read/transport/netns.ts";
          import { startTap } from "./src/witness/tap/start-tap.ts";
          const nodes = new Map([["n1", { netns: ${JSON.stringify(netns)}, address: null, user: null, port: null }]]);
          const reader = openNetnsReader({ file: "test", nodes, here: null });
          await startTap(reader, { netns: "n1/host", node: "n1", path: null }, { filter: "", limits: { timeoutMs: 60000, maxBytes: 1 << 20 } });
          console.log("listening");
          setInterval(() => {}, 1000);`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("/");' },
    });
  }
});

/** Of this test's namespaces: a process's netns is told by its inode. */
function tcpdumpsIn(prefix: string): string[] {
  const names = readdirSync("/run/netns").filter((name) => name.startsWith(prefix));
  const inodes = new Set(names.map((name) => statSync(`/run/netns/${name}`).ino));
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const isTcpdump = readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "tcpdump";
      return isTcpdump && inodes.has(statSync(`/proc/${pid}/ns/net`).ino);
    } catch {
      return false;
    }
  });
}
