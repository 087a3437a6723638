import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useCommandLine } from "./command-line.ts";

const line = useCommandLine();
const FIXTURES = join(import.meta.dirname, "../../fixtures");
const URL = "http://192.168.6.141:30007/";

/** What stays as it is: terms of the kernel, of its tools and of Kubernetes, and what is typed. */
const TERMS = new Set(
  `
  Pod Service Endpoint Kubernetes nodes pods services endpointslices kubelet Ready kubectl namespace Lasthop lasthop
  ip dev link table route rule show lo local all src via neigh neighbour lladdr nat in out host socket bridge fdb dst vni
  port onlink master forward any remote tcp udp icmp echo ms id seq get over network netfilter iptables nftables conntrack sysctl
  net conf if forwarding filter wire encapsulate decapsulate ss pod tcpdump ipset mtu dsfield locale ipip vxlan
  http sh text br diagnose repair report walk probe undo repairs snapshot lab demo help fault up down heal list exec
  tc qdisc auto netns here flannel calico markdown html json root client lan seed gzip tar bundle context Wireshark
  options command name file language seconds how path default format symptom from to verdict place bytes count number value
  dir kind node en zh
  `
    .split(/\s+/)
    .filter((term) => term !== ""),
);

/** Words of the alphabet that are neither terms nor names, with the line that they stand in. Rules are quoted as they are. */
function strangers(printed: string): readonly string[] {
  return printed
    .split("\n")
    .flatMap((line) =>
      (line.replace(/`?-A`? \S.*/, "").match(/(?<![\w:./-])[A-Za-z][a-z]+(?![\w:./-]*[\w/])/g) ?? [])
        .filter((word) => !TERMS.has(word) && !/^[0-9a-f]{2}$/.test(word))
        .map((word) => `${word}: ${line.trim().slice(0, 200)}`),
    );
}

async function printedBy(argv: readonly string[]): Promise<string> {
  const { stdout, stderr } = await line.run([...argv, "--lang", "zh"]);
  return `${stdout}\n${stderr}`;
}

/** A recording in which a tool says something that nobody understands. */
function spoilt(fixture: string): string {
  const root = join(line.directory, `spoilt-${fixture}`);
  cpSync(join(FIXTURES, fixture), root, { recursive: true });
  for (const [file, text] of [
    ["node1/ip-route.txt", "10.9.0.0/16 via ::zz dev eth0\n"],
    ["node1/conntrack.txt", "?\n"],
    ["node2/ip-neigh.txt", "10.9.9.9\n10.9.9.8\n"],
    ["node2/iptables-save.txt", "-A FORWARD\n"],
  ] as const) {
    const path = join(root, file);
    writeFileSync(path, readFileSync(path, "utf8") + text);
  }
  return root;
}

describe("in Chinese", () => {
  test.each([
    ["ipip-resumed", "node/node1"],
    ["vxlan-ip-forward-off", "node/k1"],
    ["vxlan-udp-blocked", "node/k1"],
    ["vxlan-healthy", "node/k1"],
  ])("no English is left in what is said of %s", async (fixture, from) => {
    const bundle = ["--bundle", join(FIXTURES, fixture)];
    const diagnosis = await printedBy(["diagnose", URL, ...bundle]);
    expect(diagnosis).toMatch(/[\u4e00-\u9fff]/);
    for (const printed of [
      diagnosis,
      await printedBy(["walk", from, "192.168.6.141:30007", "-v", ...bundle]),
      await printedBy(["repair"]),
      await printedBy(["report"]),
    ])
      expect(strangers(printed)).toEqual([]);
  });

  test("nor in what could not be read", async () => {
    const printed = await printedBy(["diagnose", URL, "-o", "markdown", "--bundle", spoilt("ipip-resumed")]);
    for (const said of ["via ::zz 不是地址", "没有设备，另有 1 处", "不是连接", "不在任何表里"])
      expect(printed.replaceAll("`", "")).toContain(said);
    expect(strangers(printed)).toEqual([]);
  });

  test.each([
    [["diagnose", "what is this"]],
    [["diagnose", "svc/none", "--bundle", join(FIXTURES, "ipip-resumed")]],
    [["walk", "here", "10.0.0.1:80", "--bundle", join(FIXTURES, "ipip-resumed")]],
    [["walk", "node/node1", "10.0.0.1", "--set", "x", "--bundle", join(FIXTURES, "ipip-resumed")]],
    [["probe", "node/node1", "10.0.0.1:80", "--bundle", join(FIXTURES, "ipip-resumed")]],
    [["repairs", "--bundle", join(FIXTURES, "ipip-resumed")]],
    [["diagnose", URL, "--timeout", "x"]],
    [["diagnose", URL, "--via", "netns"]],
    [["snapshot"]],
    [["lab", "up", "--nodes", "99"]],
    [["frobnicate"]],
  ])("nor in the error of %j", async (argv) => {
    const own = new Set(argv.join(" ").split(/[\s/]/));
    expect(strangers(await printedBy(argv)).filter((found) => !own.has(found.split(":")[0] ?? ""))).toEqual([]);
  });

  test.each(["diagnose", "walk", "probe", "repair", "undo", "repairs", "report", "snapshot", "lab", "demo"])(
    "nor in the help of %s",
    async (command) => {
      expect(strangers(await printedBy([command, "--help"]))).toEqual([]);
    },
  );
});
