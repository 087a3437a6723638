import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { said } from "../../../test/said.ts";
import { phrase } from "../../facts/phrase.ts";
import { applyPlan } from "./apply.ts";
import { Eyes } from "./hands.ts";
import { inspectPlan } from "./inspect.ts";
import { refuseSharedFile } from "./persist/persist.ts";
import { persistWarnings } from "./persist/sysctl-files.ts";
import { planRepair } from "./plan.ts";
import { causeOf, isRoot, repair, ScratchNode, verdictOf } from "./testing/scratch-node.ts";
import { applyUndo, listRepairs, planUndo } from "./undo.ts";

const FORWARD = repair("set-sysctl", { key: "net.ipv4.ip_forward", value: "1" });
const PLAIN = { force: false, persist: false };

describe.skipIf(!isRoot)("repair and undo, in a namespace (needs root)", () => {
  let node: ScratchNode;
  const etc = () => `/etc/netns/${node.netns}`;
  const options = () => ({ stateDir: node.stateDir });
  const ipForward = () => node.sh("cat /proc/sys/net/ipv4/ip_forward").trim();

  beforeAll(() => {
    node = new ScratchNode("rep");
    mkdirSync(join(etc(), "sysctl.d"), { recursive: true });
    node.addVeth("eth0");
    node.addVeth("cni.1");
    node.sh(`sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.eth0.forwarding=1 net.ipv4.conf.cni/1.forwarding=1
      sysctl -qw net.ipv4.conf.default.forwarding=1 net.ipv4.conf.all.accept_redirects=0`);
  });
  afterAll(async () => {
    await node.remove();
    rmSync(etc(), { recursive: true, force: true });
  });

  it("undoes 0 → 1 to the odd values of every interface", async () => {
    const before = node.state();
    const plan = planRepair(verdictOf([FORWARD], { cause: causeOf("net.ipv4.ip_forward", "0") }), PLAIN);
    const applied = await applyPlan(plan, node.context(), PLAIN);
    expect(applied.error).toBeNull();
    expect(ipForward()).toBe("1");
    expect(node.sh("cat /proc/sys/net/ipv4/conf/lo/forwarding").trim()).toBe("1");

    const listed = await listRepairs(node.transport, options());
    expect(listed.repairs.map(({ state, entry }) => [state, entry.node, entry.repair.id])).toEqual([
      ["applied", "k1", "set-sysctl"],
    ]);

    const undone = await applyUndo(await planUndo(node.transport, "latest", options()), node.context(), PLAIN);
    expect(undone.error).toBeNull();
    expect(undone.done[0]?.commands[0]).toEqual(["sysctl", "-w", "net.ipv4.ip_forward=0"]);
    expect(node.state()).toEqual(before);
    expect((await listRepairs(node.transport, options())).repairs[0]?.state).toBe("undone");
    await expect(planUndo(node.transport, applied.steps[0]?.entry?.id ?? "", options())).rejects.toMatchObject({
      code: "already-undone",
    });
  });

  it("keeps the journal to root and never overwrites an entry", async () => {
    const [file = ""] = readdirSync(join(node.stateDir, "journal"));
    expect(statSync(join(node.stateDir, "journal")).mode & 0o777).toBe(0o700);
    expect(statSync(join(node.stateDir, "journal", file)).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(node.stateDir, "journal", file), "utf8");
    const random = file.slice(17, 23);
    const stamp = file.slice(0, 16).replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z");
    const applied = await applyPlan(
      planRepair(verdictOf([FORWARD]), PLAIN),
      node.context({ now: () => new Date(stamp), random: () => random }),
      PLAIN,
    );
    expect(applied.error?.code).toBe("journal-unwritable");
    expect(ipForward()).toBe("0");
    expect(readFileSync(join(node.stateDir, "journal", file), "utf8")).toBe(text);
  });

  it("changes nothing when the journal cannot be written", async () => {
    const before = node.state();
    const applied = await applyPlan(
      planRepair(verdictOf([FORWARD]), PLAIN),
      node.context({ stateDir: "/proc/nowhere" }),
      PLAIN,
    );
    expect(applied.error?.code).toBe("journal-unwritable");
    expect(node.state()).toEqual(before);
  });

  it("stops when the fact is no longer what was found", async () => {
    const rpFilter = repair("set-sysctl", { key: "net.ipv4.conf.eth0.rp_filter", value: "0" });
    node.sh("sysctl -qw net.ipv4.conf.eth0.rp_filter=2");
    const verdict = verdictOf([rpFilter], { cause: causeOf("net.ipv4.conf.eth0.rp_filter", "1") });
    const applied = await applyPlan(planRepair(verdict, PLAIN), node.context(), PLAIN);
    expect(applied.error).toMatchObject({ code: "changed-since", node: "k1" });
    expect(node.sh("cat /proc/sys/net/ipv4/conf/eth0/rp_filter").trim()).toBe("2");
    node.sh("sysctl -qw net.ipv4.conf.eth0.rp_filter=0");
    expect((await applyPlan(planRepair(verdict, PLAIN), node.context(), PLAIN)).error?.code).toBe("already-done");
  });

  it("tells a value that does not stay", async () => {
    const transport = Object.create(node.transport) as typeof node.transport;
    transport.change = (name, command, stdin) =>
      node.transport.change(name, command.argv[0] === "sysctl" ? { ...command, argv: ["true"] } : command, stdin);
    const applied = await applyPlan(planRepair(verdictOf([FORWARD]), PLAIN), node.context({ transport }), PLAIN);
    expect(applied.error?.code).toBe("read-back-differs");
    expect(said(applied.error?.detail)).toBe("net.ipv4.ip_forward: unchanged");
    expect(applied.unfinished?.status).toBe("failed");
    const invalid = repair("set-sysctl", { key: "net.ipv4.ip_default_ttl", value: "300" });
    expect((await applyPlan(planRepair(verdictOf([invalid]), PLAIN), node.context(), PLAIN)).error?.code).toBe(
      "command-failed",
    );
    const absent = repair("set-sysctl", { key: "net.ipv4.conf.nosuch.forwarding", value: "1" });
    const stopped = await applyPlan(planRepair(verdictOf([absent]), PLAIN), node.context(), PLAIN);
    expect(stopped.error?.code).toBe("changed-since");
  });

  it("refuses to undo a key that somebody changed, and leaves theirs elsewhere", async () => {
    const applied = await applyPlan(planRepair(verdictOf([FORWARD]), PLAIN), node.context(), PLAIN);
    const id = applied.steps[0]?.entry?.id ?? "";
    node.sh("sysctl -qw net.ipv4.conf.eth0.forwarding=0");
    const undone = await applyUndo(await planUndo(node.transport, id, options()), node.context(), PLAIN);
    expect(undone.error).toBeNull();
    expect(ipForward()).toBe("0");
    expect(node.sh("cat /proc/sys/net/ipv4/conf/cni.1/forwarding").trim()).toBe("1");
    expect(node.sh("cat /proc/sys/net/ipv4/conf/eth0/forwarding").trim()).toBe("0");
    node.sh("sysctl -qw net.ipv4.conf.eth0.forwarding=1");

    const rp = repair("set-sysctl", { key: "net.ipv4.conf.eth0.rp_filter", value: "1" });
    expect((await applyPlan(planRepair(verdictOf([rp]), PLAIN), node.context(), PLAIN)).error).toBeNull();
    node.sh("sysctl -qw net.ipv4.conf.eth0.rp_filter=2");
    const plan = await planUndo(node.transport, "latest", options());
    expect((await applyUndo(plan, node.context(), PLAIN)).error?.code).toBe("not-what-we-left");
    expect(node.sh("cat /proc/sys/net/ipv4/conf/eth0/rp_filter").trim()).toBe("2");
    expect((await applyUndo(plan, node.context(), { force: true })).error).toBeNull();
    expect(node.sh("cat /proc/sys/net/ipv4/conf/eth0/rp_filter").trim()).toBe("0");
  });

  it("shows an interrupted repair and takes it back", async () => {
    const before = node.state();
    const transport = Object.create(node.transport) as typeof node.transport;
    transport.change = (name, command, stdin) => {
      // The machine dies after the change: nothing more reaches the node.
      const said = stdin ?? "";
      if (said.includes('"status": "applied"') || said.includes('"status": "failed"'))
        return Promise.reject(new Error("gone"));
      return node.transport.change(name, command, stdin);
    };
    await expect(
      applyPlan(planRepair(verdictOf([FORWARD]), PLAIN), node.context({ transport }), PLAIN),
    ).rejects.toThrow("gone");
    expect(ipForward()).toBe("1");
    const { repairs } = await listRepairs(node.transport, options());
    expect(repairs.at(-1)?.state).toBe("interrupted");
    const undone = await applyUndo(await planUndo(node.transport, "latest", options()), node.context(), PLAIN);
    expect(undone.error).toBeNull();
    expect(node.state()).toEqual(before);
  });

  it("lists only this namespace's entries, and calls those before a reboot expired", async () => {
    const files = readdirSync(join(node.stateDir, "journal")).sort();
    const last = join(node.stateDir, "journal", files.at(-1) ?? "");
    const entry = JSON.parse(readFileSync(last, "utf8"));
    const plant = (id: string, change: object) =>
      writeFileSync(
        join(node.stateDir, "journal", `${id}.json`),
        JSON.stringify({ ...entry, id, status: "applied", ...change }),
      );
    const count = (await listRepairs(node.transport, options())).repairs.length;
    plant("29990101T000000Z-aaaaaa-1", { identity: { ...entry.identity, netns: "net:[1]" } });
    plant("29990101T000000Z-bbbbbb-1", { identity: { ...entry.identity, bootId: "another" } });
    writeFileSync(join(node.stateDir, "journal", "29990101T000000Z-cccccc-1.json"), '{"schema":"lasthop/journal/v9"}');
    const listed = await listRepairs(node.transport, options());
    expect(listed.repairs).toHaveLength(count + 1);
    expect(listed.repairs.find((one) => one.entry.id.includes("bbbbbb"))?.state).toBe("expired");
    expect(listed.problems.map(({ node, why }) => [node, said(why)])).toEqual([
      ["k1", "29990101T000000Z-cccccc-1.json is no entry of a journal of this version"],
    ]);
    await expect(planUndo(node.transport, "29990101T000000Z-bbbbbb", options())).rejects.toMatchObject({
      code: "already-gone",
    });
    await expect(planUndo(node.transport, "29990101T000000Z-aaaaaa", options())).rejects.toMatchObject({
      code: "journal-not-found",
    });
    for (const id of ["a", "b", "c"]) rmSync(join(node.stateDir, "journal", `29990101T000000Z-${id.repeat(6)}-1.json`));
  });

  it("persists into the node's own directory, warns of a later file, and undo removes it", async () => {
    await refuseSharedFile(new Eyes(node.transport, "k1", null));
    const directory = join(etc(), "sysctl.d");
    writeFileSync(join(directory, "99-zzz.conf"), "# late\nnet.ipv4.ip_forward = 0\n");
    const before = node.state();
    const applied = await applyPlan(planRepair(verdictOf([FORWARD]), PLAIN), node.context(), {
      force: false,
      persist: true,
    });
    expect(applied.error).toBeNull();
    expect(applied.steps[0]?.persisted).toBe("/etc/sysctl.d/99-zz-lasthop.conf");
    expect(readFileSync(join(directory, "99-zz-lasthop.conf"), "utf8")).toMatch(/^# .*\nnet\.ipv4\.ip_forward = 1\n$/);
    const warnings = await persistWarnings(node.transport, "k1", "net.ipv4.ip_forward", "1");
    expect(warnings).toContainEqual(
      expect.objectContaining({ by: "systemd-sysctl", file: "/etc/sysctl.d/99-zzz.conf", line: 2, value: "0" }),
    );
    expect(warnings.map((w) => w.by)).toContain("procps");
    const undone = await applyUndo(await planUndo(node.transport, "latest", options()), node.context(), PLAIN);
    expect(undone.error).toBeNull();
    expect(undone.done[0]?.file).toBe("restored");
    expect(readdirSync(directory)).toEqual(["99-zzz.conf"]);
    rmSync(join(directory, "99-zzz.conf"));
    expect(node.state()).toEqual(before);
  });

  it.each([
    ["took the rest", "0", "gone"],
    ["took the rest and the file set it again", "1", "in-force"],
  ])("restores the file alone when a reboot %s", async (_, booted, runtime) => {
    await refuseSharedFile(new Eyes(node.transport, "k1", null));
    const applied = await applyPlan(planRepair(verdictOf([FORWARD]), PLAIN), node.context(), {
      force: false,
      persist: true,
    });
    expect(applied.error).toBeNull();
    const id = applied.steps[0]?.entry?.id ?? "";
    const file = join(node.stateDir, "journal", `${id}.json`);
    const entry = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...entry, identity: { netns: "net:[1]", bootId: "before" } }));
    node.sh(`sysctl -qw net.ipv4.ip_forward=${booted}`);
    const listed = await listRepairs(node.transport, options());
    expect(listed.repairs.find((one) => one.entry.id === id)?.state).toBe("expired");
    const undone = await applyUndo(await planUndo(node.transport, id, options()), node.context(), PLAIN);
    expect(undone.error).toBeNull();
    expect(undone.done[0]).toMatchObject({ runtime, file: "restored", commands: [] });
    expect(readdirSync(join(etc(), "sysctl.d"))).toEqual([]);
    expect(ipForward()).toBe(booted);
    node.sh("sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.eth0.forwarding=1 net.ipv4.conf.cni/1.forwarding=1");
  });

  it("undoes IPv6 forwarding to what every interface had", async () => {
    node.sh("sysctl -qw net.ipv6.conf.eth0.forwarding=1 net.ipv6.conf.eth0.accept_ra=2");
    const before = node.state();
    const six = repair("set-sysctl", { key: "net.ipv6.conf.all.forwarding", value: "1" });
    expect((await applyPlan(planRepair(verdictOf([six]), PLAIN), node.context(), PLAIN)).error).toBeNull();
    expect(node.sh("cat /proc/sys/net/ipv6/conf/lo/forwarding").trim()).toBe("1");
    expect(
      (await applyUndo(await planUndo(node.transport, "latest", options()), node.context(), PLAIN)).error,
    ).toBeNull();
    expect(node.state()).toEqual(before);
  });

  it("looks without changing anything", async () => {
    const before = node.state();
    writeFileSync(join(etc(), "sysctl.d", "99-zzz.conf"), "net.ipv4.ip_forward=0\n");
    const plan = planRepair(
      verdictOf([FORWARD, repair("set-sysctl", { key: "net.ipv4.conf.nosuch.rp_filter", value: "0" })]),
      PLAIN,
    );
    const context = { reader: node.transport, api: null, netnsPath: async () => null };
    const [first, second] = await inspectPlan(plan, context);
    expect(first).toMatchObject({ now: "as-found", error: null });
    const [warning] = await persistWarnings(node.transport, "k1", "net.ipv4.ip_forward", "1");
    expect(warning).toMatchObject({ file: "/etc/sysctl.d/99-zzz.conf", line: 1 });
    expect(second?.now).toEqual({ other: phrase("absent") });
    rmSync(join(etc(), "sysctl.d", "99-zzz.conf"));
    expect(node.state()).toEqual(before);
    expect(readdirSync(join(etc(), "sysctl.d"))).toEqual([]);
  });

  it("tells files of its own from the machine's", async () => {
    const bare = new ScratchNode("bare");
    try {
      // The check alone: with a fault in it a repair would write into the machine's own directory.
      const shared = refuseSharedFile(new Eyes(bare.transport, "k1", null));
      await expect(shared).rejects.toMatchObject({ code: "persist-shared-file" });
      await expect(refuseSharedFile(new Eyes(node.transport, "k1", null))).resolves.toBeUndefined();
    } finally {
      await bare.remove();
    }
  });
});

describe("planRepair", () => {
  it("refuses without proof unless forced", () => {
    const unproven = { ...FORWARD, proven: false };
    expect(planRepair(verdictOf([unproven]), PLAIN).refusals.map((r) => r.code)).toEqual(["not-proven"]);
    expect(planRepair(verdictOf([unproven]), { force: true }).refusals).toEqual([]);
    const likely = verdictOf([FORWARD], { confidence: "likely" });
    expect(planRepair(likely, PLAIN).refusals.map((r) => r.code)).toEqual(["not-confirmed"]);
    expect(planRepair(likely, { force: true }).refusals).toEqual([]);
    expect(
      planRepair(verdictOf([], { outcome: "healthy", confidence: null }), PLAIN).refusals.map((r) => r.code),
    ).toEqual(["nothing-to-repair"]);
  });

  it("derives the commands anew", () => {
    const altered = { ...FORWARD, commands: [["rm", "-rf", "/"]] };
    expect(planRepair(verdictOf([altered]), PLAIN).steps[0]?.repair.commands).toEqual([
      ["sysctl", "-w", "net.ipv4.ip_forward=1"],
    ]);
  });

  it.each([
    ["set-sysctl", { key: "kernel.core_pattern", value: "|/bin/sh" }],
    ["set-sysctl", { key: "net.ipv4.//.//.kernel.core_pattern", value: "1" }],
    ["set-link-up", { link: "-batch" }],
    ["add-route", { prefix: "10.0.0.0/8 dev x", via: "10.0.0.1" }],
    [
      "remove-rule",
      { backend: "nft", family: "ip", table: "t; flush ruleset", chain: "c", number: "1", text: "accept" },
    ],
    [
      "remove-rule",
      {
        backend: "iptables-nft",
        family: "ip",
        table: "filter",
        chain: "FORWARD",
        number: "1",
        text: "-A OTHER -j DROP",
      },
    ],
    ["set-neighbour", { ip: "10.0.0.1", dev: "e", mac: "no" }],
    ["delete-conntrack", { original: "tcp src=x" }],
    ["patch-service-selector", { namespace: "a/b", name: "x", selector: "{}" }],
  ])("refuses %s %o", (id, params) => {
    const bad = { ...FORWARD, id, params };
    expect(() => planRepair(verdictOf([bad]), PLAIN)).toThrow(expect.objectContaining({ code: "bad-params" }));
  });

  it("refuses a kind that it does not know", () => {
    for (const id of ["run", "__proto__", "constructor"]) {
      expect(() => planRepair(verdictOf([{ ...FORWARD, id }]), PLAIN)).toThrow(
        expect.objectContaining({ code: "unknown-repair" }),
      );
    }
  });

  it("leaves to people what cannot be done live", () => {
    const vxlan = repair("set-vxlan", { link: "vxlan.calico", vni: "4096", dstPort: "4789" });
    const plan = planRepair(verdictOf([vxlan]), PLAIN);
    expect(plan.steps).toEqual([]);
    expect(plan.byHand.map((step) => step.repair.commands)).toEqual([[["ip", "link", "del", "dev", "vxlan.calico"]]]);
    expect(plan.refusals.map((r) => r.code)).toEqual(["by-hand"]);
  });
});
