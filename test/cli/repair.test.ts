import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { Verdict } from "../../src/verdict/verdict.ts";
import { describeAsRoot, type Ended, soon, useCommandLine, useLab, withOwnMounts } from "./command-line.ts";

const line = useCommandLine();
const OURS = "99-zz-lasthop.conf";
/** 0 unless somebody sets it. */
const UNTOUCHED = "net.ipv4.conf.all.log_martians";

describeAsRoot("repair, undo, repairs", () => {
  const at = useLab(line, { name: "tcli-rep", nodes: 2 });
  const node = (): string => at.lab.nodes.find(({ name }) => name === "k2")?.netns ?? "";
  const sysctlDirectory = (): string => join("/etc/netns", node(), "sysctl.d");
  const journal = join(line.directory, "journal");
  /** The journal lies in the node's file system, which a namespace shares with this machine: not here. */
  const under = withOwnMounts(
    `mount -t tmpfs none /var/lib && mkdir /var/lib/lasthop && mount --bind '${journal}' /var/lib/lasthop && exec "$@"`,
  );
  const run = (...argv: readonly string[]): Promise<Ended> => line.run([...argv, ...at.flags], { under });

  const sysctl = (...argv: readonly string[]): string =>
    execFileSync("ip", ["netns", "exec", node(), "sysctl", "-n", ...argv], { encoding: "utf8" }).trim();
  const forwards = (): string => sysctl("net.ipv4.ip_forward");
  const breakIt = (): void => void sysctl("-q", "-w", "net.ipv4.ip_forward=0");

  let proven = "";
  beforeAll(async () => {
    mkdirSync(journal);
    breakIt();
    const { code, stdout } = await run("diagnose", at.lab.url, "-o", "json");
    expect(code).toBe(1);
    proven = stdout;
  });
  beforeEach(() => {
    rmSync(journal, { recursive: true, force: true });
    mkdirSync(journal);
    breakIt();
  });
  afterEach(() => {
    for (const name of readdirSync(sysctlDirectory()))
      if (name.startsWith("99-zz")) rmSync(join(sysctlDirectory(), name));
  });

  const verdictFile = (change: (verdict: Verdict) => void): string => {
    const verdict = JSON.parse(proven) as Verdict;
    change(verdict);
    return line.file("verdict.json", JSON.stringify(verdict));
  };

  it("is a plan until --apply is given; then it is done, read back, and the symptom is gone", async () => {
    const plan = await run("repair", line.file("verdict.json", proven));
    expect(plan).toMatchObject({ code: 0, stderr: "" });
    expect(plan.stdout).toContain("sysctl -w net.ipv4.ip_forward=1");
    expect(forwards()).toBe("0");
    expect(readdirSync(journal)).toEqual([]);

    const applied = await run("repair", "--apply", line.file("verdict.json", proven));
    expect(applied).toMatchObject({ code: 0, stderr: "" });
    expect(applied.stdout).toMatch(/done, read back[\s\S]*HEALTHY/);
    expect(forwards()).toBe("1");

    expect((await run("repairs")).stdout).toMatch(/applied .*k2.*net\.ipv4\.ip_forward/);
    const planned = await run("undo");
    expect(planned).toMatchObject({ code: 0 });
    expect(forwards()).toBe("1");
    expect(await run("undo", "--apply")).toMatchObject({ code: 0, stderr: "" });
    expect(forwards()).toBe("0");
    expect(await run("undo", "--apply")).toMatchObject({ code: 3, stderr: expect.stringContaining("no such entry") });
  });

  it("without a verdict, or with something else than one, says what to do first", async () => {
    const elsewhere = { under, env: { XDG_STATE_HOME: join(line.directory, "nowhere") } };
    for (const [argv, words] of [
      [["repair"], /no verdict yet[\s\S]*lasthop diagnose/],
      [["repair", "/no/such/file"], /cannot read \/no\/such\/file/],
      [["repair", line.file("not-json", "{")], /holds no verdict/],
      [["repair", line.file("not-verdict", "{}")], /holds no verdict/],
    ] as const) {
      const { code, stdout, stderr } = await line.run([...argv, "--apply"], elsewhere);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(words);
    }
    expect(forwards()).toBe("0");
  });

  it("does nothing that somebody wrote into the verdict's commands", async () => {
    const pwned = join(line.directory, "pwned");
    const file = verdictFile((v) => {
      for (const repair of v.repairs) repair.commands = [["touch", pwned]];
    });
    const { stdout } = await run("repair", file);
    expect(stdout).not.toContain(pwned);
    expect(await run("repair", file, "--apply")).toMatchObject({ code: 0 });
    expect(existsSync(pwned)).toBe(false);
    expect(forwards()).toBe("1");
  });

  it.each<[string, (repair: Verdict["repairs"][number]) => void, RegExp]>([
    [
      "another key",
      (r) => {
        r.params.key = UNTOUCHED;
      },
      /parameters do not fit|altered/,
    ],
    [
      "a key outside of the network",
      (r) => {
        r.params.key = "kernel.core_pattern";
      },
      /parameters do not fit/,
    ],
    [
      "a path",
      (r) => {
        r.params.key = "net/../kernel/core_pattern";
      },
      /parameters do not fit/,
    ],
    [
      "another value",
      (r) => {
        r.params.value = "2";
      },
      /altered/,
    ],
    [
      "words for a shell",
      (r) => {
        r.params.value = "1; reboot";
      },
      /altered/,
    ],
    [
      "another kind",
      (r) => {
        r.id = "run-anything";
      },
      /no such repair/,
    ],
    [
      "another node",
      (r) => {
        r.node = "k1";
      },
      /altered/,
    ],
    [
      "a node that is not there",
      (r) => {
        r.node = "k9";
      },
      /k9|altered/,
    ],
    [
      "another namespace",
      (r) => {
        r.params.netns = "pod:../../x";
      },
      /altered|gone|do not fit/,
    ],
    [
      "no proof",
      (r) => {
        r.proven = false;
      },
      /not proven/,
    ],
  ])("refuses a verdict that was changed: %s", async (_, change, words) => {
    const file = verdictFile((v) => {
      for (const repair of v.repairs) change(repair);
    });
    const { code, stdout, stderr } = await run("repair", file, "--apply", "-o", "json");
    expect(code).toBe(3);
    expect(stderr).toMatch(words);
    expect(JSON.parse(stdout)).toMatchObject({ refused: { code: expect.any(String) } });
    expect(forwards()).toBe("0");
    expect(sysctl(UNTOUCHED)).toBe("0");
    expect(readdirSync(journal)).toEqual([]);
  });

  it("refuses what is only likely", async () => {
    const file = verdictFile((v) => {
      v.confidence = "likely";
    });
    expect(await run("repair", file, "--apply")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("not confirmed"),
    });
    expect(forwards()).toBe("0");
  });

  it("refuses when the fact is no longer what was found", async () => {
    sysctl("-q", "-w", "net.ipv4.ip_forward=1");
    const ended = await run("repair", line.file("verdict.json", proven), "--apply");
    expect(ended).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/already as it should be[\s\S]*diagnose again/),
    });
    expect(readdirSync(journal)).toEqual([]);
  });

  it("--persist writes the node's own file, names who will win over it, and undo takes it back", async () => {
    const vendor = join(sysctlDirectory(), "99-zzz-vendor.conf");
    writeFileSync(vendor, "# ours\nnet.ipv4.ip_forward = 0\n");
    const machineBefore = readdirSync("/etc/sysctl.d");
    const { code, stdout } = await run("repair", line.file("verdict.json", proven), "--apply", "--persist");
    expect(code).toBe(0);
    expect(stdout).toContain("/etc/sysctl.d/99-zzz-vendor.conf:2 sets net.ipv4.ip_forward = 0");
    expect(readFileSync(join(sysctlDirectory(), OURS), "utf8")).toMatch(/^net\.ipv4\.ip_forward = 1$/m);
    expect(readdirSync("/etc/sysctl.d")).toEqual(machineBefore);

    expect(await run("undo", "--apply")).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(join(sysctlDirectory(), OURS))).toBe(false);
    expect(readFileSync(vendor, "utf8")).toBe("# ours\nnet.ipv4.ip_forward = 0\n");
    expect(forwards()).toBe("0");
  });

  it("keeps what was in the file before", async () => {
    const before = "# somebody's\nnet.ipv4.conf.all.rp_filter = 0\n";
    writeFileSync(join(sysctlDirectory(), OURS), before);
    expect(await run("repair", line.file("verdict.json", proven), "--apply", "--persist")).toMatchObject({ code: 0 });
    expect(readFileSync(join(sysctlDirectory(), OURS), "utf8")).toBe(`${before}net.ipv4.ip_forward = 1\n`);
    expect(await run("undo", "--apply")).toMatchObject({ code: 0 });
    expect(readFileSync(join(sysctlDirectory(), OURS), "utf8")).toBe(before);
  });

  it.each<[NodeJS.Signals, readonly number[]]>([
    ["SIGINT", [200, 400, 600, 1000, 1800]],
    ["SIGKILL", [300, 450, 600, 900]],
  ])("%s after %j ms: it is not begun, or it is in the journal and can be taken back", async (signal, moments) => {
    for (const afterMs of moments) {
      rmSync(join(journal, "journal"), { recursive: true, force: true });
      breakIt();
      const running = line.start(["repair", line.file("verdict.json", proven), "--apply", ...at.flags], { under });
      await Promise.race([sleep(afterMs), running.ended]);
      const isRunning = running.child.exitCode === null;
      running.child.kill(signal);
      const { code } = await running.ended;
      if (isRunning && signal === "SIGINT") expect(code, `after ${afterMs} ms`).toBe(130);
      expect(await soon(() => running.left().length === 0, 3000)).toBe(true);
      if (forwards() === "1") {
        expect((await run("undo", "--apply")).code, `undo of what was interrupted after ${afterMs} ms`).toBe(0);
      }
      expect(forwards()).toBe("0");
      expect(line.leftFiles()).toEqual([]);
      const entries = existsSync(join(journal, "journal")) ? readdirSync(join(journal, "journal")) : [];
      expect(entries.filter((name) => !/^\d{8}T\d{6}Z-[0-9a-f]{6}-1\.json$/.test(name))).toEqual([]);
    }
  });
});
