import { isAsked } from "./asked.ts";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useCommandLine } from "../cli/command-line.ts";
import { alteredBundle, removeAltered } from "../recorded/altered-bundle.ts";
import { FIXTURES } from "../recorded/offline-cli.ts";
import { enlarge } from "./large-cluster.ts";

/** A heap that a run past its bounds does not fit into. */
const HEAP = { NODE_OPTIONS: "--max-old-space-size=700" };
const line = useCommandLine();

afterAll(removeAltered);

describe("a large cluster: 10,000 Services, 10,000 rules on the way, 5,000 routes and 100,000 connections on both nodes", () => {
  let large = "";
  beforeAll(() => {
    large = alteredBundle("vxlan-healthy", (root) =>
      enlarge(root, { services: 10_000, rules: 10_000, routes: 5000, connections: 100_000 }),
    );
  });

  it.runIf(isAsked)("is walked as the small one is, step for step, within 700 MB", async () => {
    const walk = (bundle: string) => line.run(["walk", "node/k1", "10.42.0.3:8080", "--bundle", bundle], { env: HEAP });
    const [many, few] = [await walk(large), await walk(join(FIXTURES, "vxlan-healthy"))];
    expect(few.code).toBe(0);
    expect(many).toEqual(few);
  });

  it.runIf(isAsked)(
    "a Service of the many leads to its endpoint, through its own three rules of forty thousand",
    async () => {
      const { code, stdout } = await line.run(["walk", "node/k1", "svc/s9876", "-n", "many", "--bundle", large], {
        env: HEAP,
      });
      expect(stdout).toContain("10.201.38.148:8080");
      expect(code).not.toBe(0);
    },
  );
});
