import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { injectFault, healFaults } from "../../src/lab/fault.ts";
import { type Verdict, verdictSchema } from "../../src/verdict/verdict.ts";
import {
  canHideTools,
  describeAsRoot,
  type Ended,
  type RunOptions,
  useCommandLine,
  useLab,
  without,
} from "./command-line.ts";

const line = useCommandLine();

function verdictOf(ended: Ended): Verdict {
  expect(ended.stderr).toBe("");
  return verdictSchema.parse(JSON.parse(ended.stdout));
}

/** Nothing at all is claimed of what nobody could read, send from, or listen to. */
function expectNothingOf(node: string, verdict: Verdict): void {
  expect(verdict.cause).toBeNull();
  expect(verdict.otherCauses).toEqual([]);
  expect(verdict.repairs).toEqual([]);
  expect(verdict.path.filter((hop) => hop.node === node && hop.witnessed !== null)).toEqual([]);
  expect(verdict.ladder.find(({ rung }) => rung === "pods")?.finding).not.toMatch(/no answer/);
  expect(JSON.stringify(verdict.ladder)).not.toMatch(/recorded facts/);
}

describeAsRoot("a node that does not answer", () => {
  const at = useLab(line, { name: "tcli-mute" });
  afterEach(async () => {
    await healFaults("tcli-mute");
  });

  async function diagnose(symptom: string, inventory: string, options: RunOptions = {}): Promise<Verdict> {
    const argv = [
      "diagnose",
      symptom,
      "--kubeconfig",
      at.lab.kubeconfig,
      "--inventory",
      inventory,
      "--timeout",
      "4",
      "-o",
      "json",
    ];
    return verdictOf(await line.run(argv, options));
  }

  const withoutK2 = (): string =>
    line.file(
      "without-k2",
      readFileSync(at.lab.inventory, "utf8").replace("lasthop-tcli-mute-k2", "lasthop-tcli-mute-gone"),
    );

  it("is named, with the reason, and what others tell is told", async () => {
    await injectFault("tcli-mute", "ip-forward-off", "k2");
    const verdict = await diagnose(at.lab.url, withoutK2());
    expect(verdict.notChecked[0]).toMatchObject({
      what: "node: k2",
      why: expect.stringContaining("no network namespace lasthop-tcli-mute-gone"),
    });
    expect(verdict.outcome).toBe("broken");
    expectNothingOf("k2", verdict);
    // The tunnel was entered and left k1: that is the last that anybody saw.
    expect(verdict.lastHop).toMatchObject({ node: "k1", interface: "eth0", direction: "out", disposition: "UNKNOWN" });
  });

  it("may not be called healthy while one of the branches is on it", async () => {
    const verdict = await diagnose(at.lab.webUrl, withoutK2());
    expect(verdict).toMatchObject({ outcome: "unknown", confidence: null, cause: null });
    expectNothingOf("k2", verdict);
  });

  it("does not matter where nothing crosses it", async () => {
    const verdict = await diagnose(
      at.lab.url,
      line.file("without-k3", readFileSync(at.lab.inventory, "utf8").replace("tcli-mute-k3", "tcli-mute-gone")),
    );
    expect(verdict.outcome).toBe("healthy");
    expect(verdict.notChecked[0]?.what).toBe("node: k3");
  });

  it("cannot be sent from, which is no missing place", async () => {
    const argv = [
      "diagnose",
      "svc/web",
      "--from",
      "node/k2",
      "--kubeconfig",
      at.lab.kubeconfig,
      "--inventory",
      withoutK2(),
    ];
    const { code, stderr } = await line.run(argv);
    expect(code).toBe(3);
    expect(stderr).toMatch(/nothing can be sent from node\/k2: there is no network namespace/);
  });

  it("is down, though its neighbours have heard of it a moment ago and the API says Ready", async () => {
    const k2 = at.lab.nodes.find(({ name }) => name === "k2");
    const others = at.lab.nodes.filter(({ name }) => name !== "k2").map(({ netns }) => netns);
    for (const netns of [...others, at.lab.clientNetns]) {
      execFileSync("ip", ["-n", netns, "neigh", "flush", "dev", "eth0"]);
      execFileSync("ip", ["netns", "exec", netns, "ping", "-c", "1", "-W", "2", k2?.address ?? ""]);
    }
    await injectFault("tcli-mute", "node-down", "k2");
    const verdict = await diagnose(at.lab.url, at.lab.inventory);
    expect(verdict).toMatchObject({ outcome: "broken", confidence: "likely", cause: { id: "node-down", node: "k2" } });
    expect(verdict.cause?.found).toMatch(/FAILED|INCOMPLETE/);
  });

  it("that hangs is given up, and its pods are never taken for their node", async () => {
    const hanging = join(line.directory, "hanging");
    mkdirSync(hanging, { recursive: true });
    line.file("hanging/nsenter", '#!/bin/sh\ncase "$1" in *-k2) exec sleep 4733;; esac\nexec /usr/bin/nsenter "$@"\n');
    chmodSync(join(hanging, "nsenter"), 0o755);
    await injectFault("tcli-mute", "ip-forward-off", "k2");
    const startedAt = Date.now();
    const running = line.start(
      [
        "diagnose",
        at.lab.url,
        "--kubeconfig",
        at.lab.kubeconfig,
        "--inventory",
        at.lab.inventory,
        "--timeout",
        "4",
        "-o",
        "json",
      ],
      { env: { PATH: `${hanging}:${process.env.PATH}` } },
    );
    const verdict = verdictOf(await running.ended);
    expect(verdict.notChecked.filter(({ what }) => what === "node: k2")).toEqual([
      { what: "node: k2", why: expect.stringContaining("no answer within 4000 ms") },
    ]);
    expectNothingOf("k2", verdict);
    // Its silence is waited for once.
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(running.left()).toEqual([]);
  });
});

const describeWithoutTools = canHideTools
  ? describeAsRoot
  : (name: string, body: () => void) =>
      describe.skip(`${name} (skipped: this kernel has no overlayfs to hide one)`, body);

describeWithoutTools("a tool that a node does not have", () => {
  const at = useLab(line, { name: "tcli-tool" });
  afterEach(async () => {
    await healFaults("tcli-tool");
  });

  const diagnose = (under: readonly string[], symptom = at.lab.url): Promise<Ended> =>
    line.run(["diagnose", symptom, ...at.flags, "-o", "json"], { under });

  it("tcpdump: no witness, so likely at most, and no packet was seen anywhere", async () => {
    await injectFault("tcli-tool", "ip-forward-off", "k2");
    const ended = await diagnose(without("tcpdump"));
    const verdict = verdictOf(ended);
    expect(ended.code).toBe(1);
    expect(verdict).toMatchObject({
      outcome: "broken",
      confidence: "likely",
      cause: { id: "ip-forward-off", node: "k2" },
    });
    expect(verdict.path.length).toBeGreaterThan(3);
    expect(verdict.path.filter((hop) => hop.witnessed !== null)).toEqual([]);
    expect(verdict.lastHop).toMatchObject({ node: "k2", interface: null, direction: null, header: null });
    expect(verdict.notChecked.filter(({ why }) => why === "tcpdump is not installed").length).toBeGreaterThan(2);
    expect(verdict.ladder.find(({ rung }) => rung === "capture")).toMatchObject({
      status: "unknown",
      finding: expect.not.stringContaining("last hop"),
    });
    const refused = await line.run(["repair", line.file("likely.json", ended.stdout), "--apply", ...at.flags]);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("not confirmed") });
  });

  it("tcpdump: what was answered is answered, but nobody saw it at every hop", async () => {
    const verdict = verdictOf(await diagnose(without("tcpdump")));
    expect(verdict.outcome).toBe("healthy");
    expect(verdict.ladder.find(({ rung }) => rung === "capture")).toMatchObject({
      status: "unknown",
      finding: expect.not.stringContaining("every hop"),
    });
  });

  it("curl: the shell asks over HTTP as well, and hears of the 502", async () => {
    expect(verdictOf(await diagnose(without("curl")))).toMatchObject({ outcome: "healthy" });
    await injectFault("tcli-tool", "ip-forward-off", "k2");
    const verdict = verdictOf(await diagnose(without("curl")));
    expect(verdict).toMatchObject({
      outcome: "broken",
      confidence: "confirmed",
      cause: { id: "ip-forward-off", node: "k2" },
    });
    expect(verdict.ladder[0]?.finding).toContain("502, 6 of 6 tries");
  });

  it("curl, bash, nc: what could not be sent did not fail", async () => {
    const ended = await diagnose(without("curl", "bash", "nc"));
    const verdict = verdictOf(ended);
    expect(ended.code).toBe(2);
    expect(verdict).toMatchObject({ outcome: "unknown", confidence: null, cause: null, lastHop: null });
    expect(verdict.branches.every(({ attempts }) => attempts === 0)).toBe(true);
    expect(verdict.notChecked).toContainEqual({ what: "http from here/host", why: "the node has no curl, bash or nc" });
    expect(verdict.ladder.filter(({ status }) => status === "failed")).toEqual([]);
  });

  it("conntrack: the cause is found without", async () => {
    await injectFault("tcli-tool", "ip-forward-off", "k2");
    expect(verdictOf(await diagnose(without("conntrack")))).toMatchObject({
      confidence: "confirmed",
      cause: { id: "ip-forward-off" },
    });
  });

  it("ip: without any node's links there is nothing to go by", async () => {
    const { code, stdout, stderr } = await diagnose(without("ip"));
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/of no node the links could be read: k1: ip: command not found/);
    expect(stderr).toContain("iproute2");
  });
});
