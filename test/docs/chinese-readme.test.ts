import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { padTo } from "../../src/tell/columns.ts";
import { zh } from "../../src/tell/i18n/zh.ts";
import { causeSummary } from "../../src/tell/report/to-verdict.ts";
import { ROOT } from "./documents.ts";

const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");
const english = read("README.md");
const chinese = read("README.zh-CN.md");
/** The cause that the transcript finds. */
const SWITCH = { node: "k2", object: "net.ipv4.ip_forward", found: "0" };

describe("the README in Chinese says what the English one does", () => {
  const headings = (text: string) => [...text.matchAll(/^(#+) /gm)].map((match) => match[1]);
  const firstCells = (text: string) => [...text.matchAll(/^\| (`[^|]*`|\d+) \|/gm)].map((match) => match[1]);
  /** Blocks that are typed, not transcripts. */
  const typed = (text: string) => [...text.matchAll(/^ {4}(.*)$/gm)].map((match) => match[1]);
  const links = (text: string) =>
    new Set([...text.matchAll(/\]\(((?:docs|CONTRIBUTING|LICENSE)[^)]*)\)/g)].map((m) => m[1]));

  it("has its headings, typed commands, rows and links", () => {
    expect(headings(chinese)).toEqual(headings(english));
    expect(firstCells(chinese)).toEqual(firstCells(english));
    const bare = (text: string) => typed(text.replace(/```[\s\S]*?```/g, ""));
    expect(bare(chinese)).toEqual(bare(english));
    expect(links(chinese)).toEqual(links(english));
  });

  it("shows what is printed today", () => {
    const { labels, next, outcome, confidence, phrases, voices } = zh;
    const at = { netns: "host", leg: "request", isSeen: true };
    for (const line of [
      `${padTo(`✓ ${zh.rungs.endpoints}`, 12)} ${phrases["usable-endpoint"]({ address: "10.42.1.2:8080", node: "k2", ready: true })}`,
      `flannel.1 out → ${phrases.tunnelled({ at: "eth0 out" })}   6`,
      `${phrases.tunnelled({ at: "eth0 in" })} → flannel.1 in   6  ← ${labels.lastHop}`,
      `${labels.whatIf}     ${voices.whatIf({ object: "net.ipv4.ip_forward", wanted: "1", delivers: true })}`,
      `${labels.witness}     ${voices.witness({ seen: 6, of: 6, node: "k2", at: "flannel.1 in" })}`,
      `${labels.lastHop}  ${zh.lastHop({ ...at, node: "k2", at: "flannel.1 in", next: "cni0" })}`,
      `lasthop repair            ${next.plan}`,
      `lasthop repair --apply    ${next.apply}`,
      `${confidence.confirmed}  ${causeSummary({ id: "ip-forward-off", params: SWITCH }, "zh")}`,
      `${outcome.healthy}  ${zh.healthy}`,
    ])
      expect(chinese).toContain(line);
  });

  it("is linked from there, and back", () => {
    expect(english).toContain("(README.zh-CN.md)");
    expect(chinese).toContain("(README.md)");
  });
});
