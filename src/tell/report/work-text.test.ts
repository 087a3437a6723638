import { expect, test } from "vitest";
import { phrase } from "../../facts/phrase.ts";
import { en } from "../i18n/en.ts";
import { zh } from "../i18n/zh.ts";
import { workText } from "./work-text.ts";

const item = { id: "e1", voice: "ask", excerpt: "", at: "2026-01-01T00:00:00.000Z" } as const;
const work = {
  evidence: [
    { ...item, node: "k2", source: "sysctl -a" },
    { ...item, id: "e2", node: null, source: phrase("api-lists") },
  ],
  timings: { factsMs: 120.4, totalMs: 443 },
};

test("what an answer rests on, and where the time went", () => {
  expect(workText(work, en)).toBe(
    [
      "e1   k2         sysctl -a",
      "e2              Kubernetes API: nodes, pods, services, endpointslices",
      "facts 120 ms · total 443 ms",
    ].join("\n"),
  );
});

test("in Chinese too", () => {
  expect(workText(work, zh)).toContain("节点数据 120 ms · 总计 443 ms");
});
