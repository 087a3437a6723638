import { describe, expect, test } from "vitest";
import { BROKEN, CAUSELESS, HEALTHY, UNKNOWN } from "../../../test/explain/conclusions.ts";
import type { Conclusion } from "../../hunt/conclusion.ts";
import { finding, type Rung } from "../../hunt/findings.ts";
import { en } from "../i18n/en.ts";
import { statusLine } from "./status-line.ts";
import { rungText, verdictText } from "./terminal.ts";

const style = { words: en, language: "en", color: false } as const;

function shown(conclusion: Conclusion, repairs = 1, exit = 1): string {
  return verdictText(conclusion, repairs, exit, style);
}

const ESCAPE = new RegExp(String.fromCharCode(27));

describe("a rung", () => {
  const rung: Rung = {
    rung: "capture",
    status: "failed",
    headline: finding("capture-title", { leg: "request", from: "k1", to: "10.42.0.3:8080", probes: 3 }),
    lines: [finding("capture-line", { node: "k2", count: 3, hops: [{ name: "flannel.1 in", last: true }] })],
    evidence: [],
  };

  test("has its mark, its name, and its lines below", () => {
    expect(rungText(rung, style).split("\n")).toEqual([
      "✗ capture    request, k1 → 10.42.0.3:8080, 3 tagged packets",
      "             k2         flannel.1 in   3  ← last hop",
    ]);
  });

  test.each([
    ["ok", "✓"],
    ["failed", "✗"],
    ["skipped", "·"],
    ["unknown", "?"],
  ] as const)("that is %s begins with %s", (status, mark) => {
    expect(rungText({ ...rung, status }, style).startsWith(`${mark} capture`)).toBe(true);
  });

  test("has colours only where they are wanted", () => {
    expect(rungText(rung, style)).not.toMatch(ESCAPE);
    expect(rungText(rung, { ...style, color: true })).toMatch(ESCAPE);
  });
});

describe("a verdict", () => {
  test("with its cause, its voices, whom it hits, and what to do", () => {
    const text = shown(BROKEN);
    expect(text).toContain("CONFIRMED  Node k2 does not forward: net.ipv4.ip_forward is 0.");
    expect(text).toMatch(/predict {2}.*FORWARDING_OFF/);
    expect(text).toMatch(/ask {6}.*"RTNETLINK answers: No route to host"/);
    expect(text).toMatch(/witness {2}3 of 3 end at k2 flannel\.1 in/);
    expect(text).toMatch(/what if {2}.*request and reply delivered/);
    expect(text).toMatch(/Last hop +k2 flannel\.1 in, request; next would be cni0/);
    expect(text).toMatch(/Also +likely: Node k3 drops what it should forward/);
    expect(text).toMatch(/Affected +2 pods on k2, 1 Service \(default\/frontend\)/);
    expect(text).toMatch(/Will recur +systemd-sysctl \(next boot\), \/etc\/sysctl\.d\/99-x\.conf:3/);
    expect(text).toMatch(/Not checked +drop reasons on k1: tracefs is not mounted/);
    expect(text).toMatch(/lasthop repair --apply/);
    expect(text.endsWith("exit 1 · 2.9 s")).toBe(true);
  });

  test("that is healthy names neither cause nor repair", () => {
    const text = shown(HEALTHY, 0, 0);
    expect(text).toContain(`HEALTHY  ${en.healthy}`);
    expect(text).not.toMatch(/repair|predict|Last hop|CONFIRMED|LIKELY/);
  });

  test("that is unknown says what was not checked", () => {
    const text = shown(UNKNOWN, 0, 2);
    expect(text).toContain(`UNKNOWN  ${en.notReproduced}`);
    expect(text).toMatch(/Not checked +drop reasons on k1/);
    expect(text).not.toMatch(/lasthop repair/);
  });

  test("without a cause is broken, and not suspected of something that it does not name", () => {
    const text = shown(CAUSELESS, 0, 2);
    expect(text).toContain("BROKEN  It breaks, and what breaks it is not known. Last seen: k2 flannel.1 in.");
    expect(text).not.toMatch(/SUSPECTED|CONFIRMED|LIKELY/);
  });

  test("with a cause that nothing here mends says so", () => {
    expect(shown(BROKEN, 0)).toContain(en.next.none);
    expect(shown(BROKEN, 0)).not.toMatch(/lasthop repair/);
  });

  test("shows every dissent", () => {
    const text = shown({
      ...BROKEN,
      confidence: "likely",
      voices: { ...BROKEN.voices, dissent: ["k1 says otherwise"] },
    });
    expect(text).toContain("LIKELY  ");
    expect(text).toContain("dissent: k1 says otherwise");
  });

  test("is as long as it has to be: of much that was not checked some, and how many more", () => {
    const notChecked = Array.from({ length: 20 }, (_, i) => ({ what: `thing ${i}`, why: "x" }));
    const text = shown({ ...BROKEN, notChecked });
    expect(text.match(/thing \d+/g)?.length).toBe(6);
    expect(text).toContain("and 14 more");
  });

  test("lets no text from a node out of its line", () => {
    const evil = "x\u001b[2J\nCONFIRMED  all is well\u202e";
    const conclusion: Conclusion = {
      ...BROKEN,
      cause: BROKEN.cause && { ...BROKEN.cause, params: { ...BROKEN.cause.params, found: evil } },
      lastHop: BROKEN.lastHop && { ...BROKEN.lastHop, interface: evil },
      notChecked: [{ what: evil, why: evil }],
      recurrence: [{ by: evil, when: evil, file: evil, line: 1 }],
      voices: { ...BROKEN.voices, predict: { disposition: "X", node: "k2", detail: evil }, dissent: [evil] },
    };
    const text = shown(conclusion);
    expect(text).not.toMatch(ESCAPE);
    expect(text).not.toContain("\u202e");
    expect(text.split("\n").filter((line) => line.startsWith("CONFIRMED  all"))).toEqual([]);
  });
});

describe("the status line", () => {
  const written = (isWanted: boolean, columns: number | null, ...texts: readonly string[]): string => {
    let out = "";
    const line = statusLine({ write: (text) => (out += text), ...(columns === null ? {} : { columns }) }, isWanted);
    for (const text of texts) line.show(text);
    line.clear();
    line.clear();
    return out;
  };

  test("is overwritten by the next, and gone once", () => {
    expect(written(true, 80, "one", "two")).toBe("\r\u001b[2K… one\r\u001b[2K… two\r\u001b[2K");
  });

  test("is nothing where it is not wanted", () => expect(written(false, 80, "one")).toBe(""));

  test("is one line, whatever it tells of", () => {
    expect(written(true, 80, "a\nb\u001b[2Jc")).toBe("\r\u001b[2K… a b[2Jc\r\u001b[2K");
  });

  test("never wraps", () => {
    const [, shownLine = ""] = written(true, 40, "x".repeat(200)).split("\u001b[2K");
    expect(shownLine.trimEnd().length).toBeLessThanOrEqual(40);
  });
});
