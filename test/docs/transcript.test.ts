import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBuiltCli } from "./built-cli.ts";
import { fencedBlocks, readDocument } from "./documents.ts";

/** What differs from run to run: names that are drawn, times, counts of packets that happened to be under way. */
function skeleton(line: string): string {
  return line
    .replace(/\b(frontend|backend|web)-[a-z0-9]{10}-[a-z0-9]{5}\b/g, "$1-POD")
    .replace(/\bveth[0-9a-f]{8}\b/g, "VETH")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/\d{8}T\d{6}Z-[0-9a-f]{6}/g, "RUN")
    .replace(/\/run\/lasthop-lab\/[\w-]+\//g, "LAB/")
    .replace(/--name [\w-]+/g, "--name LAB")
    .replace(/\d+(?:\.\d+)? m?s\b/g, "DURATION")
    .replace(/\+\d+$/, "+N")
    .replace(/\d+ ×/, "N ×")
    .replace(/\b\d+ (connections|tagged packets)\b/, "N $1")
    .replace(/ +/g, " ")
    .trim();
}

/** Lines that depend on the machine, or on the moment in which a socket was looked at. */
const FLEETING = /^(?:Not checked|its (?:socket|log|packets):|conntrack on|drop reason)|tracefs/;

function lasting(text: string): readonly string[] {
  return text
    .split("\n")
    .map(skeleton)
    .filter((line) => line !== "" && !FLEETING.test(line));
}

/** The output of one command of the README's transcript. */
function shownAfter(prompt: string): string {
  for (const block of fencedBlocks(readDocument("README.md"), "")) {
    const part = block.split(/^\$ /m).find((one) => one.startsWith(prompt));
    if (part !== undefined) return part.slice(part.indexOf("\n") + 1);
  }
  throw new Error(`the README shows no ${prompt}`);
}

const isRoot = process.platform === "linux" && process.getuid?.() === 0;
const reason = isRoot ? "" : " (skipped: needs root on Linux)";

describe.skipIf(!isRoot)(`the README's transcript${reason}`, () => {
  const cli = useBuiltCli();
  const name = `docs-${process.pid}`;
  const url = "http://192.168.6.141:30007/";
  const files = `/run/lasthop-lab/${name}`;
  const way = ["--inventory", `${files}/inventory.yaml`, "--kubeconfig", `${files}/kubeconfig`];
  let journalled: string | null = null;
  beforeAll(async () => {
    const up = await cli.run("lab", "up", "--name", name);
    expect(up.stderr).toBe("");
    await cli.run("lab", "fault", "suspend-resume", "--name", name);
  });
  afterAll(async () => {
    await cli.run("lab", "down", "--name", name);
    if (journalled !== null) rmSync(`/var/lib/lasthop/journal/${journalled}.json`, { force: true });
  });

  it("is what happens: the diagnosis, the repair, and what takes it back", async () => {
    const diagnosed = await cli.run("diagnose", url, ...way);
    expect(diagnosed.stderr).toBe("");
    expect(lasting(diagnosed.stdout)).toEqual(lasting(shownAfter(`lasthop diagnose ${url}`)));
    expect(diagnosed.status).toBe(1);

    const repaired = await cli.run("repair", "--apply", ...way);
    journalled = /lasthop undo (\d{8}T\d{6}Z-[0-9a-f]{6}-1)$/m.exec(repaired.stdout)?.[1] ?? null;
    expect(lasting(repaired.stdout)).toEqual(lasting(shownAfter("lasthop repair --apply")));
    expect(repaired.status).toBe(0);

    const undone = await cli.run("undo", "--apply", ...way);
    expect(undone.stdout).toContain("as it was before");
    expect(undone.status).toBe(0);
  });
});
