import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { labDown } from "../../src/lab/down.ts";
import { netnsOfLab } from "../../src/lab/netns.ts";
import { labPaths } from "../../src/lab/paths.ts";
import { labProcesses } from "../../src/lab/processes.ts";
import { readState } from "../../src/lab/state.ts";
import { labUp } from "../../src/lab/up.ts";
import { command, statusFrom } from "./command.ts";
import { describeLabs, useLabBundle } from "./lab-bundle.ts";

const bundle = useLabBundle();

function expectNothingLeft(lab: string, marker: string | null): void {
  expect(netnsOfLab(lab)).toEqual([]);
  expect(existsSync(labPaths(lab).directory)).toBe(false);
  const etc = existsSync("/etc/netns") ? readdirSync("/etc/netns") : [];
  expect(etc.filter((name) => name.startsWith(`lasthop-${lab}-`))).toEqual([]);
  if (marker !== null) expect(labProcesses(new Set(), marker)).toEqual([]);
}

describeLabs("the life of a lab", () => {
  afterAll(async () => {
    for (const name of ["t-crash", "t-side-a", "t-side-b", "t-cli"]) await labDown(name);
  });

  it.each([30, 80, 130, 200, 280, 400])("leaves nothing when `lab up` is killed after %i ms", async (afterMs) => {
    const up = spawn(process.execPath, [bundle.cli, "lab", "up", "--name", "t-crash"], { stdio: "ignore" });
    await sleep(afterMs);
    up.kill("SIGKILL");
    const marker = readState("t-crash")?.plan.marker ?? null;
    await labDown("t-crash");
    expectNothingLeft("t-crash", marker);
  });

  it("cleans up after itself when it is interrupted", async () => {
    const up = spawn(process.execPath, [bundle.cli, "lab", "up", "--name", "t-crash"], { stdio: "pipe" });
    await new Promise((resolve) => up.stdout.once("data", resolve));
    up.kill("SIGINT");
    const code = await new Promise((resolve) => up.once("exit", resolve));
    expect(code).toBe(130);
    expectNothingLeft("t-crash", null);
  });

  it("takes the place of a half-built lab", async () => {
    const up = spawn(process.execPath, [bundle.cli, "lab", "up", "--name", "t-crash"], { stdio: "pipe" });
    await new Promise((resolve) => up.stdout.once("data", resolve));
    up.kill("SIGKILL");
    await new Promise((resolve) => up.once("exit", resolve));
    const lab = await labUp({ name: "t-crash", nodes: 1, serverBundle: bundle.server });
    expect(await statusFrom(lab.clientNetns, lab.url)).toBe("200");
    await labDown("t-crash");
  }, 20_000);

  it("leaves nothing when a stage fails", async () => {
    await expect(labUp({ name: "t-crash", serverBundle: "/nonexistent/lab-server.js" })).rejects.toThrow(
      /did not start/,
    );
    expectNothingLeft("t-crash", null);
  }, 20_000);

  it("stands beside another, and touches nothing of the machine", async () => {
    const machine = async (): Promise<string[]> =>
      (await Promise.all([command("ip", "-o", "link"), command("nft", "list", "ruleset"), command("ip", "route")])).map(
        (ended) => ended.stdout,
      );
    const before = await machine();
    const [a, b] = await Promise.all(
      ["t-side-a", "t-side-b"].map((name) => labUp({ name, nodes: 2, serverBundle: bundle.server })),
    );
    if (!a || !b) throw new Error("two labs");
    expect(a.apiUrl).not.toBe(b.apiUrl);
    expect(await machine()).toEqual(before);
    await labDown("t-side-a");
    expect(await statusFrom(b.clientNetns, b.url)).toBe("200");
    await labDown("t-side-b");
    expect(await machine()).toEqual(before);
  }, 20_000);

  it("is driven from the command line", async () => {
    const lab = (...args: string[]) => command(process.execPath, bundle.cli, "lab", ...args);
    const up = await lab("up", "--name", "t-cli", "--nodes", "2");
    expect(up).toMatchObject({ code: 0, stderr: "" });
    for (const shown of ["http://192.168.6.141:30007/", labPaths("t-cli").kubeconfig, labPaths("t-cli").inventory]) {
      expect(up.stdout).toContain(shown);
    }
    expect(await lab("up", "--name", "t-cli")).toMatchObject({ code: 3 });
    expect((await lab("fault", "ip-forward-off", "--node", "k2", "--name", "t-cli")).code).toBe(0);
    expect((await lab("list")).stdout).toContain("ip-forward-off on k2");
    const curl = ["curl", "-s", "-m", "3", "http://192.168.6.141:30007/"];
    expect((await lab("exec", "client", "--name", "t-cli", "--", ...curl)).stdout).toContain("502 Bad Gateway");
    expect((await lab("heal", "--name", "t-cli")).stdout).toContain("ip-forward-off on k2: healed");
    expect((await lab("exec", "client", "--name", "t-cli", "--", ...curl)).stdout).toMatch(
      /frontend .* on k1 .*\nbackend .* on k2/,
    );
    const file = ["cat", "/etc/sysctl.d/99-kubernetes.conf"];
    expect((await lab("exec", "k1", "--name", "t-cli", "--", ...file)).stdout).toMatch(/net.ipv4.ip_forward\s*= 1/);
    const name = "http://web.default.svc.cluster.local/";
    expect(
      (await lab("exec", "pod/default/backend", "--name", "t-cli", "--", "curl", "-s", "-m", "3", name)).stdout,
    ).toMatch(/^web-/);
    expect((await lab("exec", "nowhere", "--name", "t-cli", "--", "true")).code).toBe(3);
    expect((await lab("exec", "k1", "--name", "t-cli", "--", "sh", "-c", "exit 7")).code).toBe(7);
    expect((await lab("fault", "nonsense", "--name", "t-cli")).code).toBe(3);
    expect((await lab("down", "--name", "t-cli")).code).toBe(0);
    expectNothingLeft("t-cli", null);
  }, 30_000);
});
