import { processorMs } from "../../../test/processor-ms.ts";
import { said } from "../../../test/said.ts";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { filesInOrder } from "./order.ts";
import { whoResets } from "./resetters.ts";
import { patternMatches, type SysctlFile } from "./sysctl-file.ts";
import { bootWinner, conflicts, winner } from "./winner.ts";

const TTL = "net.ipv4.ip_default_ttl";
const RP = (link: string) => `net.ipv4.conf.${link}.rp_filter`;
const FORWARD = "net.ipv4.ip_forward";

function files(contents: Readonly<Record<string, string>>): readonly SysctlFile[] {
  return Object.entries(contents).map(([path, content]) => ({ path, content }));
}

const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  [
    "files sort by name over all directories",
    { "/usr/lib/sysctl.d/60-a.conf": `${TTL}=11`, "/etc/sysctl.d/50-a.conf": `${TTL}=12` },
  ],
  [
    "/etc hides a file of the same name",
    {
      "/run/sysctl.d/50-a.conf": `${TTL}=11`,
      "/etc/sysctl.d/50-a.conf": `${TTL}=12`,
      "/usr/lib/sysctl.d/50-a.conf": `${TTL}=13`,
    },
  ],
  ["an empty file hides one too", { "/usr/lib/sysctl.d/50-a.conf": `${TTL}=11`, "/etc/sysctl.d/50-a.conf": "" }],
  ["/etc/sysctl.conf", { "/etc/sysctl.d/99-z.conf": `${TTL}=11`, "/etc/sysctl.conf": `${TTL}=13` }],
  [
    "capitals and digits",
    {
      "/etc/sysctl.d/a.conf": `${TTL}=21`,
      "/etc/sysctl.d/B.conf": `${TTL}=22`,
      "/etc/sysctl.d/99-z.conf": `${TTL}=23`,
    },
  ],
  ["other names do not count", { "/etc/sysctl.d/60-a.cnf": `${TTL}=11` }],
  ["hidden files", { "/etc/sysctl.d/.60-a.conf": `${TTL}=11` }],
  ["pattern, then key", { "/etc/sysctl.d/50-a.conf": `${RP("*")}=2\n${RP("va0")}=1\n` }],
  [
    "key, then pattern in a later file",
    { "/etc/sysctl.d/40-a.conf": `${RP("va0")}=1`, "/etc/sysctl.d/50-a.conf": `${RP("*")}=2\n` },
  ],
  ["excluded from a pattern", { "/etc/sysctl.d/50-a.conf": `${RP("*")}=2\n-${RP("va0")}\n` }],
  ["two patterns", { "/etc/sysctl.d/50-a.conf": `${RP("v*")}=1\n${RP("*")}=2\n` }],
  ["pattern with a set", { "/etc/sysctl.d/50-a.conf": `${RP("v[!b-z]0")}=1\n${RP("?b0")}=2\n` }],
  [
    "comments, dashes, slashes, blanks",
    {
      "/etc/sysctl.d/50-a.conf": ` ; c=1\n# x\n - net.ipv4.nosuch = 3\n -net/ipv4/conf/va0/rp_filter = 1  \n /net/ipv4/ip_default_ttl=9\n`,
    },
  ],
  ["one name after the other", { "/etc/sysctl.d/50-a.conf": `${FORWARD}=1\nnet.ipv4.conf.all.forwarding=0\n` }],
  [
    "an equal assignment keeps its place",
    { "/etc/sysctl.d/50-a.conf": `net.ipv4.conf.all.forwarding=1\n${FORWARD}=0\nnet.ipv4.conf.all.forwarding=1\n` },
  ],
  ["the switch after an interface", { "/etc/sysctl.d/50-a.conf": `net.ipv4.conf.va0.forwarding=0\n${FORWARD}=1\n` }],
  ["an interface after the switch", { "/etc/sysctl.d/50-a.conf": `${FORWARD}=1\nnet.ipv4.conf.va0.forwarding=0\n` }],
  ["a switch that is so already", { "/etc/sysctl.d/50-a.conf": `net.ipv4.conf.va0.forwarding=1\n${FORWARD}=0\n` }],
  ["a carriage return", { "/etc/sysctl.d/50-a.conf": `${TTL}=8\r\n` }],
];

const KEYS = [TTL, RP("va0"), RP("vb0"), FORWARD, "net.ipv4.conf.va0.forwarding", "net.ipv4.conf.vb0.forwarding"];
const BEFORE = new Map([[TTL, "64"], ...KEYS.slice(1).map((key) => [key, "0"] as const)]);
const DIRECTORIES = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"];
const SYSTEMD = ["/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl"].find((path) => existsSync(path));
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("the real tools (needs root for mount and network namespaces of their own)", () => {
  let root = "";
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Every directory is a fresh one, in a mount namespace; the sysctls are those of a fresh network namespace. */
  function applied(tool: string, contents: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
    root = mkdtempSync(join(tmpdir(), "lasthop-reload-"));
    for (const directory of DIRECTORIES) mkdirSync(join(root, directory), { recursive: true });
    writeFileSync(join(root, "/etc/sysctl.conf"), "");
    for (const [path, content] of Object.entries(contents)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const script = `
      mount -t tmpfs none /run && mkdir -p /run/sysctl.d
      mount -t tmpfs none /usr/local/lib && mkdir -p /usr/local/lib/sysctl.d
      for d in ${DIRECTORIES.join(" ")}; do mount --bind "$1$d" $d; done
      test -e /etc/sysctl.conf && mount --bind "$1/etc/sysctl.conf" /etc/sysctl.conf
      ip link add va0 type veth peer name vb0
      ${[...BEFORE].map(([key, value]) => `sysctl -q -w ${key}=${value}`).join("\n")}
      ${tool} >/dev/null 2>&1 || true
      sysctl ${KEYS.join(" ")}`;
    const argv = ["-n", "-m", "--propagation", "private", "sh", "-e", "-c", script, "sh", root];
    const { status, stdout, stderr } = spawnSync("unshare", argv, { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" = ") as [string, string]),
    );
  }

  function predicted(contents: Readonly<Record<string, string>>, by: "procps" | "systemd-sysctl") {
    return new Map(KEYS.map((key) => [key, winner(files(contents), key, by, BEFORE)?.value ?? BEFORE.get(key) ?? ""]));
  }

  test.each(cases)("procps: %s", (_, contents) => {
    expect(predicted(contents, "procps")).toEqual(applied("sysctl --system", contents));
  });

  test.skipIf(SYSTEMD === undefined).each(cases)("systemd-sysctl: %s", (_, contents) => {
    expect(predicted(contents, "systemd-sysctl")).toEqual(applied(SYSTEMD ?? "", contents));
  });
});

describe("who wins at the next reload", () => {
  test("procps and systemd may differ over the same files", () => {
    const all = files({ "/etc/sysctl.d/99-kubernetes.conf": `\n${FORWARD}=1\n`, "/etc/sysctl.conf": `${FORWARD}=0\n` });
    expect(winner(all, "net.ipv4.conf.all.forwarding", "systemd-sysctl")).toEqual({
      key: FORWARD,
      value: "1",
      file: "/etc/sysctl.d/99-kubernetes.conf",
      line: 2,
    });
    expect(winner(all, FORWARD, "procps")).toEqual({ key: FORWARD, value: "0", file: "/etc/sysctl.conf", line: 1 });
    expect(winner(all, TTL, "procps")).toBeNull();
  });

  test("conflicts name the lines that win over the one that is to hold the value", () => {
    const ours = "/etc/sysctl.d/99-zz-lasthop.conf";
    const all = files({
      "/etc/sysctl.d/60-gce-network-security.conf": `# none\n${FORWARD}=0\n`,
      "/etc/sysctl.d/99-zzz.conf": `net.ipv4.conf.all.forwarding = 0\n`,
      "/etc/ufw/sysctl.conf": "net/ipv4/ip_forward=0\n",
    });
    expect(conflicts(all, FORWARD, "1", ours)).toMatchObject([
      { by: "systemd-sysctl", value: "0", file: "/etc/sysctl.d/99-zzz.conf", line: 1, wins: true },
      { by: "procps", value: "0", file: "/etc/sysctl.d/60-gce-network-security.conf", line: 2, wins: false },
      { by: "procps", value: "0", file: "/etc/sysctl.d/99-zzz.conf", line: 1, wins: true },
      { by: "ufw", value: "0", file: "/etc/ufw/sysctl.conf", line: 1, wins: true },
    ]);
    expect(conflicts(all.slice(0, 1), FORWARD, "1", ours).some((c) => c.wins)).toBe(false);
    expect(conflicts(all, FORWARD, "0", ours)).toEqual([]);
  });

  describe("the reverse path filter of a link", () => {
    const centos = files({ "/usr/lib/sysctl.d/50-default.conf": `${RP("default")} = 1\n${RP("all")} = 1\n` });
    const told = (all: readonly SysctlFile[], wanted: string, ours: string | null = null) =>
      conflicts(all, RP("eth0"), wanted, ours)
        .filter((c) => c.by === "procps" && c.wins)
        .map(({ key, value, line }) => `${line}: ${key}=${value}`);

    test("is that of all where that is the greater, whatever its own file says", () => {
      const ours = "/etc/sysctl.d/99-zz-lasthop.conf";
      expect(told(centos, "0", ours)).toEqual([`2: ${RP("all")}=1`]);
      expect(told(centos, "2", ours)).toEqual([]);
    });

    test("is the default one where no line names it", () => {
      expect(told(centos, "0")).toEqual([`1: ${RP("default")}=1`, `2: ${RP("all")}=1`]);
      expect(told(centos, "2")).toEqual([`1: ${RP("default")}=1`]);
      expect(bootWinner(centos, RP("eth0"), "procps")).toMatchObject({ key: RP("default"), value: "1" });
      expect(winner(centos, RP("eth0"), "procps")).toBeNull();
    });
  });

  test("a file that has the value already does not change it by being there", () => {
    const all = files({ "/etc/sysctl.d/50-a.conf": `${FORWARD}=1 # router\n` });
    expect(conflicts(all, FORWARD, "1")).toEqual([]);
  });

  test("files elsewhere do not count", () => {
    const all = files({ "/etc/sysctl.d/x/50-a.conf": `${TTL}=1`, "/opt/sysctl.d/50-a.conf": `${TTL}=1` });
    expect(filesInOrder(all, "procps")).toEqual([]);
  });

  test("a hostile pattern is judged in no time", () => {
    const ms = processorMs(() => {
      expect(patternMatches(`net.${"*a".repeat(2000)}b`, `net.${"a".repeat(4000)}`)).toBe(false);
    });
    expect(ms).toBeLessThan(1000);
  });
});

describe("who resets", () => {
  const none = { files: new Set<string>(), units: new Set<string>(), processes: new Set<string>() };

  const initscripts = {
    files: new Set(["/etc/rc.d/init.d/network"]),
    units: new Set(["network.service"]),
    processes: new Set(["systemd", "vmtoolsd"]),
  };
  const told = (facts: typeof none) => whoResets(facts, "ipv4-forwarding").map((r) => said(r.when));

  test("the initscripts with VMware Tools and no NetworkManager are the suspend that loses routing", () => {
    expect(told(initscripts)).toEqual(["next suspend", "next network restart"]);
    const managed = { ...initscripts, processes: new Set(["vmtoolsd", "NetworkManager"]) };
    expect(told(managed)).toEqual(["next network restart"]);
    expect(whoResets(initscripts, "rp_filter")).toEqual([]);
  });

  test("what does not run the network, or was not read, is not named", () => {
    expect(told({ ...initscripts, units: new Set() })).toEqual([]);
    const withTools = new Set([...initscripts.files, "/usr/bin/vmtoolsd"]);
    expect(told({ ...initscripts, files: withTools, processes: new Set() })).toEqual(["next network restart"]);
  });

  test("the initscripts write no switch of IPv6", () => {
    expect(whoResets(initscripts, "ipv6-forwarding")).toEqual([]);
    const tuned = { ...initscripts, units: new Set(["network.service", "tuned.service"]) };
    expect(whoResets(tuned, "ipv6-forwarding").map((r) => r.by)).toEqual(["TuneD, reapply_sysctl"]);
  });

  test("nothing is said of a node that has none of them", () => {
    expect(whoResets(none, "ipv4-forwarding")).toEqual([]);
  });

  test("a file is named only where it is there", () => {
    const facts = { ...none, files: new Set(["/etc/sysctl.d/99-gce.conf"]), processes: new Set(["tuned"]) };
    expect(whoResets(facts, "rp_filter").map((r) => r.file)).toEqual([null, "/etc/sysctl.d/99-gce.conf"]);
  });
});
