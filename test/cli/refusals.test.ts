import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useCommandLine } from "./command-line.ts";

const line = useCommandLine();
const FIXTURES = join(import.meta.dirname, "../../fixtures");
const URL = "http://192.168.6.141:30007/";

describe("a refused repair as JSON", () => {
  const recorded = (fixture: string): readonly string[] => ["--bundle", join(FIXTURES, fixture)];
  const diagnosed = async (fixture: string): Promise<string> =>
    (await line.run(["diagnose", URL, ...recorded(fixture), "-o", "json"])).stdout;

  it("is one object that names the code", async () => {
    const verdict = line.file("likely.json", await diagnosed("vxlan-udp-blocked"));
    const { code, stdout, stderr } = await line.run([
      "repair",
      verdict,
      "-o",
      "json",
      ...recorded("vxlan-udp-blocked"),
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/not confirmed/);
    expect(JSON.parse(stdout)).toMatchObject({
      plan: [{ id: "remove-rule", netns: "host" }],
      losses: [],
      warnings: [],
      refused: { code: "not-confirmed", node: null, detail: "it is likely" },
    });
  });

  it("names it where there is no plan either", async () => {
    const verdict = JSON.parse(await diagnosed("ipip-resumed"));
    verdict.repairs[0].id = "run-anything";
    const file = line.file("foreign.json", JSON.stringify(verdict));
    const { code, stdout } = await line.run(["repair", file, "-o", "json", ...recorded("ipip-resumed")]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      plan: [],
      losses: [],
      warnings: [],
      refused: { code: "unknown-repair", node: null, detail: "run-anything" },
    });
  });

  it("holds null when nothing speaks against it", async () => {
    const verdict = line.file("proven.json", await diagnosed("ipip-resumed"));
    const { code, stdout } = await line.run(["repair", verdict, "-o", "json", ...recorded("ipip-resumed")]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ plan: [{ id: "set-sysctl", netns: "host" }], refused: null });
  });
});
