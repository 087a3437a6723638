import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const planted = `${root}src/think/planted-by-a-test.ts`;

function lint(path: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(`${root}node_modules/.bin/biome`, ["lint", path], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

/** A bad import for each room, and words of the message that it must meet. */
const BAD: readonly (readonly [room: string, specifier: string, message: string])[] = [
  ["facts", "../read/transport/reader.ts", "facts/ is what is known"],
  ["read", "../think/walk/walk.ts", "read/ only reads"],
  ["think", "../read/transport/reader.ts", "think/ is pure"],
  ["think", "node:fs", "think/ is pure"],
  ["witness", "../read/parse/ss.ts", "witness/ sends packets"],
  ["hunt", "../change/repair/plan.ts", "hunt/ joins"],
  ["change", "../hunt/hunt.ts", "change/ uses"],
  ["tell", "../change/repair/plan.ts", "tell/ talks"],
  ["lab", "../facts/ip.ts", "lab/ is an independent oracle"],
];

describe("import directions", () => {
  afterEach(() => {
    for (const [room] of BAD) rmSync(`${root}src/${room}/planted-by-a-test.ts`, { force: true });
  });

  test.each(BAD)("%s may not import %s", (room, specifier, message) => {
    mkdirSync(`${root}src/${room}`, { recursive: true });
    const path = `${root}src/${room}/planted-by-a-test.ts`;
    writeFileSync(path, `import * as planted from "${specifier}";\nexport const keep: unknown = planted;\n`);
    const { status, output } = lint(path);
    expect(status).not.toBe(0);
    expect(output).toContain(message);
  });

  test("a good import passes", () => {
    writeFileSync(planted, 'import { parseIp } from "../facts/ip.ts";\nexport const keep: unknown = parseIp;\n');
    expect(lint(planted).status).toBe(0);
  });

  test("the whole house is clean", () => {
    expect(() =>
      execFileSync(`${root}node_modules/.bin/biome`, ["lint", "--error-on-warnings"], { cwd: root, stdio: "pipe" }),
    ).not.toThrow();
  });
});
