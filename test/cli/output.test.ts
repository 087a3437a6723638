import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { healFaults, injectFault } from "../../src/lab/fault.ts";
import { podLogPath } from "../../src/lab/paths.ts";
import { verdictSchema } from "../../src/verdict/verdict.ts";
import { describeAsRoot, useCommandLine, useLab } from "./command-line.ts";

const line = useCommandLine();

/** C0 but the line feed, DEL, C1, and what reorders a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that they are absent is the question
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

describe("help", () => {
  it.each([
    [],
    ["diagnose"],
    ["walk"],
    ["probe"],
    ["repair"],
    ["undo"],
    ["repairs"],
    ["demo"],
    ["lab"],
    ["lab", "up"],
    ["lab", "down"],
    ["lab", "fault"],
    ["lab", "heal"],
    ["lab", "list"],
    ["lab", "exec"],
  ])("of %j", async (...argv) => {
    const { code, stdout, stderr } = await line.run([...argv, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Usage: ${["lasthop", ...argv].join(" ")}`);
  });

  it("the version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await line.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("a reader that goes away", () => {
  it.each(["lab fault", "lab list", "--help", "diagnose http://192.168.6.141:30007/ --bundle BUNDLE"])(
    "%s | true",
    async (typed) => {
      const argv = typed.replace("BUNDLE", join(line.directory, "fixtures", "ipip-resumed")).split(" ");
      const { stderr } = await line.run(argv, { under: ["bash", "-c", '"$@" | true; sleep 0.1', "bash"] });
      expect(stderr).toBe("");
    },
  );
});

describe("colour", () => {
  const replay = ["demo", "--replay"];
  const painted = "\u001b[";

  it("is nowhere in a pipe; FORCE_COLOR asks for it, NO_COLOR does not need to", async () => {
    const [piped, forced] = await Promise.all([
      line.run(replay, { env: { NO_COLOR: "" } }),
      line.run(replay, { env: { FORCE_COLOR: "1", NO_COLOR: "" } }),
    ]);
    expect([piped.code, forced.code]).toEqual([0, 0]);
    expect(piped.stdout).not.toContain(painted);
    expect(forced.stdout).toContain(painted);
  });

  it("is on a terminal, unless NO_COLOR is set", async () => {
    const onTerminal = async (env: Readonly<Record<string, string>>): Promise<string> => {
      const under = ["sh", "-c", `exec script -qec "$*" /dev/null`, "sh"];
      const { stdout } = await line.run(replay, { under, env: { TERM: "xterm", ...env } });
      // The line that says what is being waited for is erased: that is no colour.
      return stdout.replaceAll("\u001b[2K", "");
    };
    const [plain, empty] = await Promise.all([onTerminal({ NO_COLOR: "1" }), onTerminal({ NO_COLOR: "" })]);
    expect(plain).toContain("Last hop");
    expect(plain).not.toContain(painted);
    expect(empty).toContain(painted);
  });
});

describeAsRoot("every command's answer", () => {
  const at = useLab(line, { name: "tcli-out" });
  afterAll(() => healFaults("tcli-out"));

  const run = (...argv: readonly string[]) => line.run([...argv, ...at.flags]);
  const statusOf = async (...argv: readonly string[]): Promise<number> => (await run(...argv)).code;

  it("is 0 where all is well", async () => {
    const healthy = await run("diagnose", at.lab.url, "-o", "json");
    expect(healthy).toMatchObject({ code: 0, stderr: "" });
    expect(verdictSchema.parse(JSON.parse(healthy.stdout))).toMatchObject({
      outcome: "healthy",
      confidence: null,
      cause: null,
      lastHop: null,
      repairs: [],
      otherCauses: [],
    });
    expect(await statusOf("walk", "here", at.lab.url)).toBe(0);
    expect(await statusOf("probe", "here", at.lab.url)).toBe(0);
    expect(await statusOf("repairs")).toBe(0);
    expect((await line.run(["lab", "list"])).code).toBe(0);
    expect((await line.run(["lab", "exec", "k1", "--name", "tcli-out", "--", "true"])).code).toBe(0);
  });

  it("is 1 with a cause, 2 without one; probe names none", async () => {
    await injectFault("tcli-out", "ip-forward-off", "k2");
    expect(await statusOf("diagnose", at.lab.url)).toBe(1);
    expect(await statusOf("walk", "node/k1", "10.42.1.2:8080")).toBe(1);
    expect(await statusOf("probe", "node/k1", "10.42.1.2:8080")).toBe(2);
    expect(await statusOf("repair")).toBe(0);
    expect(await statusOf("walk", "here", "192.168.6.250:80")).toBe(2);
  });

  it("as JSON is one object with every key, and nothing else", async () => {
    const { code, stdout, stderr } = await run("diagnose", at.lab.url, "-o", "json");
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const raw = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(raw).sort()).toEqual(Object.keys(verdictSchema.shape).sort());
    const verdict = verdictSchema.parse(raw);
    expect(verdictSchema.strict().safeParse(raw).error).toBeUndefined();
    const known = new Set(verdict.evidence.map(({ id }) => id));
    expect(verdict.ladder.flatMap(({ evidence }) => evidence).filter((id) => !known.has(id))).toEqual([]);
    for (const argv of [["walk", "here", at.lab.url], ["probe", "here", at.lab.url], ["repairs"], ["repair"]]) {
      const answer = await run(...argv, "-o", "json");
      expect(answer.stderr, argv.join(" ")).toBe("");
      expect(JSON.parse(answer.stdout), argv.join(" ")).toBeTypeOf("object");
    }
  });

  it("-q says the answer alone, -v where the time went, on standard error", async () => {
    const { stdout, stderr } = await run("diagnose", at.lab.url, "-q", "-v");
    expect(stdout.trimStart()).toMatch(/^CONFIRMED/);
    expect(stderr).toMatch(/facts \d+ ms/);
  });

  it("-w keeps the captures as other tools read them, and says where", async () => {
    const kept = join(line.directory, "kept");
    expect((await run("probe", "here", at.lab.url, "-w", kept)).stdout).toContain(`${kept}/`);
    const files = execFileSync("ls", [kept], { encoding: "utf8" }).trim().split("\n");
    expect(files.length).toBeGreaterThan(0);
    for (const file of files)
      execFileSync("tcpdump", ["-Z", "root", "-nr", join(kept, file)], { stdio: ["ignore", "pipe", "ignore"] });
  });
});

describeAsRoot("hostile names and logs", () => {
  const at = useLab(line, { name: "tcli-evil" });
  const evil = "\u001b]0;pwned\u0007\u001b[31m\u009b2J\u202e\r";

  it("move no cursor: a pod's log", async () => {
    await injectFault("tcli-evil", "ip-forward-off", "k2");
    const gateway = at.lab.pods.find(({ app }) => app === "frontend");
    if (gateway === undefined) throw new Error("the lab has a gateway");
    const log = podLogPath("tcli-evil", gateway);
    // The newest line is the one that is quoted, however much was said before it.
    appendFileSync(log, `${new Date().toISOString()} upstream timed out before\n`.repeat(5_000));
    const running = line.start(["diagnose", at.lab.url, ...at.flags]);
    const writer = setInterval(() => appendFileSync(log, `connect to upstream timed out ${evil}forged\n`), 5);
    const { code, stdout } = await running.ended.finally(() => clearInterval(writer));
    expect(code).toBe(1);
    expect(stdout).toContain("forged");
    expect(stdout).not.toMatch(CONTROL);
    writeFileSync(log, "");
  });

  it("move no cursor: an interface's name", async () => {
    const name = "e\u001b[7m\u009bJ";
    const k2 = at.lab.nodes.find((node) => node.name === "k2")?.netns ?? "";
    const ip = (...argv: readonly string[]): string => execFileSync("ip", ["-n", k2, ...argv], { encoding: "utf8" });
    const link = /veth[0-9a-f]+/.exec(ip("-o", "link", "show", "master", "cni0"))?.[0] ?? "";
    ip("link", "set", link, "down");
    ip("link", "set", link, "name", name);
    ip("link", "set", name, "up");
    await healFaults("tcli-evil");
    for (const argv of [
      ["diagnose", at.lab.webUrl],
      ["probe", "node/k1", "svc/backend"],
      ["walk", "node/k1", "svc/backend", "-v"],
      ["diagnose", at.lab.url, "-o", "json"],
    ]) {
      const { stdout, stderr } = await line.run([...argv, ...at.flags]);
      expect(stdout.length, argv.join(" ")).toBeGreaterThan(100);
      expect(stdout + stderr, argv.join(" ")).not.toMatch(CONTROL);
    }
  });
});
