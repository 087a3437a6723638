import { expect, it } from "vitest";
import type { Output, Reader } from "./reader.ts";
import { countRounds } from "./rounds-under-way.ts";

it("names the nodes that have not answered, the longest awaited first, and forgets those that did", async () => {
  const answers = new Map<string, () => void>();
  const silent: Reader = {
    via: "test",
    nodes: ["k1", "k2"],
    offline: false,
    run: (node) => new Promise<readonly Output[]>((resolve) => answers.set(node, () => resolve([]))),
    tap: () => {
      throw new Error("not asked");
    },
    close: async () => {},
  };
  const { reader, awaited } = countRounds(silent);
  const limits = { timeoutMs: 1000, maxBytes: 1 };
  const first = reader.run("k2", [], limits);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const second = reader.run("k1", [], limits);
  expect(awaited().map(({ node }) => node)).toEqual(["k2", "k1"]);
  expect(awaited()[0]?.sinceMs).toBeGreaterThanOrEqual(15);
  answers.get("k2")?.();
  await first;
  expect(awaited().map(({ node }) => node)).toEqual(["k1"]);
  answers.get("k1")?.();
  await second;
  expect(awaited()).toEqual([]);
});
