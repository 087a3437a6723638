import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { said } from "../../test/said.ts";
import { ip } from "../facts/ip.ts";
import { correlate } from "./correlate/correlate.ts";
import { buildTrails } from "./correlate/trail.ts";
import { connectCommand, readConnect } from "./probe/connect.ts";
import { datagramCommand, dnsQuery, readDatagrams } from "./probe/datagram.ts";
import { answeredCount } from "./testing/answered-count.ts";
import type { Probe } from "./probe/probe.ts";
import { sendProbes } from "./probe/send-probes.ts";
import { startTap } from "./tap/start-tap.ts";
import { openNetnsReader } from "../read/transport/netns.ts";
import { TestCluster } from "./test-cluster.ts";

const LIMITS = { timeoutMs: 30_000, maxBytes: 16 << 20 };
const random = (count: number) => new Uint8Array(randomBytes(count));

describe.skipIf(process.getuid?.() !== 0)("nodes with older tools (skipped: needs root)", () => {
  let cluster: TestCluster;
  let dir: string;
  const path = process.env.PATH;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "lhwt-"));
    process.env.PATH = `${dir}:${path}`;
    cluster = new TestCluster(openNetnsReader);
    await cluster.serve();
  });
  afterAll(async () => {
    process.env.PATH = path;
    await cluster?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  function shadow(tool: string, script: string): void {
    const file = join(dir, tool);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  const REAL = ["/usr/bin/tcpdump", "/usr/sbin/tcpdump"].find(existsSync);
  const ping = (id: string): Probe => ({
    id,
    kind: "icmp",
    from: cluster.pods.p1,
    src: null,
    dst: ip("10.77.2.2"),
    attempts: 2,
    deadlineMs: 1000,
    alsoTo: [],
    bytes: null,
  });

  it("listens by interface and direction where `any` tells no interfaces", async () => {
    shadow("tcpdump", `case " $* " in *" -i any "*) exec ${REAL} -y LINUX_SLL "$@" ;; esac\nexec ${REAL} "$@"`);
    const { n2 } = cluster.hosts;
    // As kube-ipvs0, and the tunl0 of every pod: nobody can listen on it, and nothing passes it.
    cluster.in("n2", "ip link add down0 type bridge");
    const tap = await startTap(cluster.reader, n2, {
      filter: "icmp or udp port 8472",
      limits: LIMITS,
      links: ["eth0", "flannel.1", "veth0", "down0"],
    });
    const own = await startTap(cluster.reader, cluster.pods.p1, { filter: "icmp", limits: LIMITS });
    const [result] = await sendProbes(cluster.reader, [ping("p")], random);
    const heard = await Promise.all([tap.stop(), own.stop()]);
    rmSync(join(dir, "tcpdump"));
    expect(heard.map((h) => h.report.why)).toEqual([null, null]);
    expect(heard[0]?.report.trustworthy).toBe(true);
    const frames = heard.flatMap((h) => h.frames);
    const trails = buildTrails(correlate(result?.tracers ?? [], frames).sightings, [], () => cluster.pods.p1.netns);
    expect(trails.length).toBe(2);
    for (const trail of trails) {
      expect(trail.request.map(({ sighting: s }) => `${s.link} ${s.direction} ${s.header}`)).toEqual([
        "eth0 out inner",
        "eth0 in outer",
        "flannel.1 in inner",
        "veth0 out inner",
      ]);
    }
  });

  it("does without --immediate-mode, and then trusts no silence", async () => {
    shadow(
      "tcpdump",
      `case " $* " in *" --immediate-mode "*) echo "tcpdump: unrecognized option '--immediate-mode'" >&2; exit 1 ;; esac\nexec ${REAL} "$@"`,
    );
    const tap = await startTap(cluster.reader, cluster.hosts.n2, { filter: "icmp", limits: LIMITS });
    const { report } = await tap.stop();
    rmSync(join(dir, "tcpdump"));
    expect(report).toMatchObject({ started: true, trustworthy: false });
    expect(said(report.why)).toMatch(/immediate-mode/);
  });

  it("says that tcpdump is not installed", async () => {
    shadow("tcpdump", 'echo "sh: 1: exec: tcpdump: not found" >&2; exit 127');
    const tap = await startTap(cluster.reader, cluster.hosts.n2, { filter: "icmp", limits: LIMITS });
    const { report } = await tap.stop();
    rmSync(join(dir, "tcpdump"));
    expect(report).toMatchObject({ started: false, trustworthy: false });
    expect(said(report.why)).toBe("tcpdump is not installed");
  });

  it("recognises echoes that carry no pattern, by their id", async () => {
    shadow("ping", 'case " $* " in *" -p "*) echo "ping: invalid number" >&2; exit 1 ;; esac\nexec /usr/bin/ping "$@"');
    const tap = await startTap(cluster.reader, cluster.pods.p1, { filter: "icmp", limits: LIMITS });
    const [result] = await sendProbes(cluster.reader, [ping("p")], random);
    const { frames } = await tap.stop();
    rmSync(join(dir, "ping"));
    expect(result && answeredCount(result)).toBe(2);
    const { sightings } = correlate(result?.tracers ?? [], frames);
    expect(new Set(sightings.map((s) => s.probe))).toEqual(new Set(["p#1", "p#2"]));
  });

  it("connects with bash where curl has no telnet", async () => {
    shadow("curl", `echo 'curl: (1) Protocol "telnet" not supported or disabled in libcurl' >&2; exit 1`);
    const tcp = (id: string, port: number): Probe => ({ ...ping(id), kind: "tcp", port }) as Probe;
    const tap = await startTap(cluster.reader, cluster.pods.p1, { filter: "tcp", limits: LIMITS });
    const results = await sendProbes(cluster.reader, [tcp("open", 8080), tcp("closed", 81)], random);
    const { frames } = await tap.stop();
    rmSync(join(dir, "curl"));
    expect(results.map((r) => [r.tool, ...r.answers.map((a) => a.outcome)])).toEqual([
      ["bash", "answered", "answered"],
      ["bash", "refused", "refused"],
    ]);
    const { sightings, unlearnt } = correlate(
      results.flatMap((r) => r.tracers),
      frames,
    );
    expect(unlearnt).toEqual([]);
    expect(new Set(sightings.filter((s) => s.leg === "reply").map((s) => s.probe))).toEqual(
      new Set(["open#1", "open#2", "closed#1", "closed#2"]),
    );
  });

  it("says that there is no tool at all", () => {
    const bare = mkdtempSync(join(tmpdir(), "lhwt-"));
    for (const tool of ["sh", "tr"]) symlinkSync(`/usr/bin/${tool}`, join(bare, tool));
    const tcp = { ...ping("p"), kind: "tcp", port: 80 } as Extract<Probe, { kind: "tcp" }>;
    const udp = { ...ping("p"), kind: "udp", port: 53, zone: null } as Extract<Probe, { kind: "udp" }>;
    const run = (argv: readonly string[]) =>
      spawnSync("/bin/sh", argv.slice(1), { encoding: "utf8", env: { PATH: bare } }).stdout;
    const connect = readConnect(tcp, run(connectCommand(tcp, 20_000).argv));
    expect(connect.answers.map((a) => a.outcome)).toEqual(["no-tool", "no-tool"]);
    const payloads = [dnsQuery("a", "b", 1), dnsQuery("c", "d", 2)];
    const datagrams = readDatagrams(udp, payloads, run(datagramCommand(udp, payloads, null).argv));
    expect(datagrams.answers.map((a) => a.outcome)).toEqual(["no-tool", "no-tool"]);
    rmSync(bare, { recursive: true });
  });
});
