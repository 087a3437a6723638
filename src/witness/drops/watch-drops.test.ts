import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reader } from "../../read/transport/reader.ts";
import { openNetnsReader } from "../../read/transport/netns.ts";
import { TestCluster } from "../test-cluster.ts";
import { hasReasonField, isBenign, parseDropLine } from "./kfree-skb.ts";
import { TRACE_SCRIPT } from "./trace-script.ts";
import { watchDrops } from "./watch-drops.ts";

/** Runs in a mount namespace of its own, where tracefs is mounted whether or not the machine has it so. */
const PRIVATE = [
  "unshare",
  "-m",
  "--propagation",
  "private",
  "sh",
  "-c",
  'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"',
  "sh",
];

function traced(...argv: string[]): string {
  const [program = "", ...args] = [...PRIVATE, ...argv];
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function instances(): string[] {
  return traced("ls", "/sys/kernel/tracing/instances")
    .split("\n")
    .filter((name) => name.startsWith("lasthop-"));
}

function canTrace(): boolean {
  try {
    return (
      process.getuid?.() === 0 && traced("cat", "/sys/kernel/tracing/events/skb/kfree_skb/format").includes("reason")
    );
  } catch {
    return false;
  }
}

const LIMITS = { timeoutMs: 30_000, maxBytes: 16 << 20 };

describe("a line of the trace", () => {
  const line = (rest: string) => `          <idle>-0       [001] ..s1.   123.456789: kfree_skb: ${rest}`;

  it("gives reason, symbol, protocol and time", () => {
    const text =
      "skbaddr=00000000c rx_sk=0000000000000000 protocol=2048 location=ip_error+0x10f/0x200 reason: IP_INADDRERRORS";
    expect(parseDropLine(line(text))).toEqual({
      reason: "IP_INADDRERRORS",
      symbol: "ip_error",
      protocol: 2048,
      atNs: 123_456_789_000n,
    });
  });

  it("lives without a symbol, and ignores what is no event", () => {
    expect(parseDropLine(line("skbaddr=0 protocol=34525 location=00000000abcd reason: NO_SOCKET"))?.symbol).toBeNull();
    expect(parseDropLine(line("skbaddr=0 protocol=2048 location=00000000abcd"))).toBeNull();
    expect(parseDropLine("CPU:1 [LOST 30 EVENTS]")).toBeNull();
  });

  it("keeps a blackhole's NOT_SPECIFIED and drops what healthy traffic raises", () => {
    expect(isBenign({ reason: "NOT_SPECIFIED", symbol: "ip_error", protocol: 0x800 })).toBe(false);
    expect(isBenign({ reason: "NO_SOCKET", symbol: "tcp_v4_rcv", protocol: 0x800 })).toBe(false);
    expect(isBenign({ reason: "NO_SOCKET", symbol: "ping_rcv", protocol: 0x800 })).toBe(true);
    expect(isBenign({ reason: "NOT_SPECIFIED", symbol: "unix_release_sock", protocol: 0 })).toBe(true);
  });

  it("tells a kernel with reasons from one without", () => {
    expect(hasReasonField("\tfield:enum skb_drop_reason reason;\toffset:28;\tsize:4;\tsigned:0;")).toBe(true);
    expect(hasReasonField("\tfield:void * location;\toffset:16;")).toBe(false);
  });
});

describe.skipIf(!canTrace())("the kernel's drop reasons (skipped: needs root and a tracefs with reasons)", () => {
  let cluster: TestCluster;
  beforeAll(() => {
    cluster = new TestCluster(openNetnsReader);
  });
  afterAll(async () => {
    await cluster?.close();
  });

  it("names forwarding that is off, in an instance of its own that goes with it", async () => {
    const stale = "lasthop-4194304-1";
    traced("mkdir", `/sys/kernel/tracing/instances/${stale}`);
    const before = new Set(instances());
    const reader: Reader = {
      ...cluster.reader,
      tap: (node, command, limits) =>
        cluster.reader.tap(node, { ...command, argv: [...PRIVATE, ...command.argv] }, limits),
    };
    const watch = await watchDrops(reader, "n2", LIMITS);
    const added = instances().filter((name) => !before.has(name));
    expect(added.length).toBeGreaterThanOrEqual(1);
    expect(instances()).not.toContain(stale);
    cluster.in("n2", "sysctl -qw net.ipv4.ip_forward=0");
    spawnSync("ip", ["netns", "exec", cluster.netns("p1"), "ping", "-c", "5", "-i", "0.02", "-W", "1", "10.77.2.2"]);
    const report = await watch.stop();
    expect(report.notChecked).toEqual([]);
    expect(report.overrun).toBe(0);
    const event = report.events.find((e) => e.reason === "IP_INADDRERRORS");
    expect(event).toMatchObject({ symbol: "ip_error", protocol: 0x800 });
    expect(event?.count).toBeGreaterThanOrEqual(5);
    expect(instances().filter((name) => added.includes(name))).toEqual([]);
  });

  it("leaves no instance behind when it is stopped as soon as there is one", () => {
    const before = instances();
    const dir = mkdtempSync(join(tmpdir(), "lhdrops-"));
    writeFileSync(join(dir, "mkdir"), '#!/bin/sh\n/bin/mkdir "$@"\nkill "$PPID"\n', { mode: 0o755 });
    const [program = "", ...args] = [...PRIVATE, "sh", "-c", `PATH=${dir}:$PATH\n${TRACE_SCRIPT}`];
    const { stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 20_000 });
    rmSync(dir, { recursive: true });
    expect(stderr).toMatch(/\noverrun 0\nover\n$/);
    expect(instances().filter((name) => !before.includes(name))).toEqual([]);
  });

  it("says that tracefs is not mounted, and mounts nothing", () => {
    const script =
      'umount /sys/kernel/debug/tracing; umount /sys/kernel/debug; umount /sys/kernel/tracing; sh -c "$1" 2>&3; code=$?; grep -c tracefs /proc/self/mounts; exit "$code"';
    const ran = spawnSync("unshare", ["-m", "--propagation", "private", "sh", "-c", script, "sh", TRACE_SCRIPT], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    expect(ran.output[3]?.trim()).toBe("no tracefs");
    expect(ran.stdout.trim()).toBe("0");
    expect(ran.status).toBe(3);
  });
});
