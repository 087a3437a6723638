import { describe, expect, test } from "vitest";
import { inline } from "../markdown/escape.ts";
import { marked, prose } from "./text.ts";

const markdown = (sentence: string, verbatim: readonly string[] = []): string =>
  inline(prose(sentence, verbatim), "line");

describe("a sentence as Markdown", () => {
  test.each([
    ["Node k2 does not forward: net.ipv4.ip_forward is 0.", "Node k2 does not forward: `net.ipv4.ip_forward` is 0."],
    ["seen in the walk-through, isn't it", "seen in the walk-through, isn't it"],
    ["on 2026-11-29, 3-4 of 5", "on 2026-11-29, 3-4 of 5"],
    // A forge would make links of these.
    ["fixes GH-123", "fixes `GH-123`"],
    ["since 0123456789abcdef0123456789abcdef01234567", "since `0123456789abcdef0123456789abcdef01234567`"],
    ["since 1a2b3c4", "since `1a2b3c4`"],
  ])("%s", (sentence, text) => expect(markdown(sentence)).toBe(text));

  const object = "rule iptables-nft:filter/INPUT#1";
  const found = "-A INPUT -p udp -m udp --dport 8472 -j DROP";

  test("quotes what a cause says in one piece", () => {
    expect(markdown(`Node k3 drops it: ${object}: ${found}`, [object, found])).toBe(
      `Node k3 drops it: \`${object}\`: \`${found}\``,
    );
    expect(markdown(`节点 k3 丢弃报文：${object}：${found}。`, [object, found])).toBe(
      `节点 k3 丢弃报文：\`${object}\`：\`${found}\`。`,
    );
    expect(markdown(`${object} ${found}`, [object, found])).toBe(`\`${object}\` \`${found}\``);
  });

  test("does not where another run touches it: two spans of code would be one", () => {
    expect(markdown(`x=${found}`, [found])).toBe("`x=-A` INPUT `-p` udp `-m` udp `--dport` 8472 `-j` DROP");
    expect(markdown(`${found}:/x`, [found])).toMatch(/ `DROP:\/x`$/);
  });

  test("code of ours side by side stays apart", () => {
    expect(inline(marked("`a` `b`"), "line")).toBe("`a` `b`");
  });
});
