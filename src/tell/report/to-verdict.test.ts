import { describe, expect, test } from "vitest";
import { BROKEN, CAUSELESS, FORWARDING, HEALTHY, UNKNOWN } from "../../../test/explain/conclusions.ts";
import { CAUSES } from "../../think/causes/catalogue.ts";
import { exitStatusOf, verdictSchema } from "../../verdict/verdict.ts";
import type { Conclusion } from "../../hunt/conclusion.ts";
import { type Finding, finding } from "../../hunt/findings.ts";
import { en } from "../i18n/en.ts";
import { summaryOf, toVerdict } from "./to-verdict.ts";

const repairs = [
  {
    id: "set-sysctl",
    kind: "runtime" as const,
    node: "k2",
    params: { key: "net.ipv4.ip_forward", value: "1" },
    commands: [["sysctl", "-w", "net.ipv4.ip_forward=1"]],
    proven: true,
  },
];

function verdictOf(conclusion: Conclusion) {
  return toVerdict(conclusion, { version: "0.1.0", words: en, language: "en", repairs });
}

describe("a verdict", () => {
  test.each([
    ["broken", BROKEN, 1],
    ["broken without a cause", CAUSELESS, 2],
    ["unknown", UNKNOWN, 2],
    ["healthy", HEALTHY, 0],
  ] as const)("%s is of the published schema, with every key", (_, conclusion, status) => {
    const verdict = JSON.parse(JSON.stringify(verdictOf(conclusion)));
    expect(verdictSchema.strict().parse(verdict)).toEqual(verdict);
    expect(Object.keys(verdict).sort()).toEqual(Object.keys(verdictSchema.shape).sort());
    expect(exitStatusOf(verdict)).toBe(status);
  });

  test("holds what was found and nothing that is only for its words", () => {
    const verdict = verdictOf(BROKEN);
    const { params: _, ...cause } = FORWARDING;
    expect(verdict.cause).toEqual(cause);
    expect(verdict.otherCauses.map((o) => Object.keys(o).sort())).toEqual([
      ["confidence", "culprit", "found", "id", "netns", "node", "object", "wanted"],
    ]);
    expect(verdict.affected).toEqual({ pods: ["default/a", "default/b"], services: ["default/frontend"] });
    expect(verdict.lastHop).toEqual(BROKEN.lastHop);
    expect(verdict.repairs).toEqual(repairs);
    expect(verdict.timings).toEqual({ openMs: 100, totalMs: 2940 });
  });

  test("puts a rung and its lines into one text", () => {
    const [http] = verdictOf(BROKEN).ladder;
    expect(http).toEqual({
      rung: "http",
      status: "failed",
      finding: "4 of 12 tries failed: 3 × 502, 1 timeout; 502 from default/gw on k1",
      lines: ["4 of 12 tries failed: 3 × 502, 1 timeout", "502 from default/gw on k1"],
      evidence: ["e1"],
    });
  });

  test("is not changed by whoever changes what it was made of", () => {
    const verdict = verdictOf(BROKEN);
    verdict.affected.pods.push("default/c");
    verdict.ladder[0]?.evidence.push("e9");
    expect(BROKEN.affected.pods.length).toBe(2);
    expect(BROKEN.ladder[0]?.evidence).toEqual(["e1"]);
  });
});

describe("its summary", () => {
  test("is the cause's, in either language", () => {
    expect(summaryOf(BROKEN, en, "en")).toBe("Node k2 does not forward: net.ipv4.ip_forward is 0.");
    expect(summaryOf(BROKEN, en, "zh")).toBe("节点 k2 不转发报文：net.ipv4.ip_forward 为 0。");
  });

  test("says that the cause is not known, and where it was last seen", () => {
    expect(summaryOf(CAUSELESS, en, "en")).toBe(
      "It breaks, and what breaks it is not known. Last seen: k2 flannel.1 in.",
    );
    const inPod = CAUSELESS.lastHop && { ...CAUSELESS.lastHop, netns: "pod:default/a", interface: "eth0" };
    expect(summaryOf({ ...CAUSELESS, lastHop: inPod }, en, "en")).toContain("Last seen: k2 pod:default/a eth0 in.");
    expect(summaryOf({ ...CAUSELESS, lastHop: null }, en, "en")).toBe("What breaks it is not known.");
  });

  test("says that it is the server, where all packets arrive", () => {
    const rung = (name: "http" | "reach" | "capture", status: "ok" | "failed", lines: readonly Finding[]) => {
      return { rung: name, status, headline: finding("not-needed", {}), lines, evidence: [] };
    };
    const from = (status: number | null) => finding("http-from", { status, pod: "default/a", node: "k2" });
    const said = (status: number | null, reach: "ok" | "failed") =>
      summaryOf(
        {
          ...CAUSELESS,
          lastHop: null,
          ladder: [rung("http", "failed", [from(status)]), rung("reach", reach, []), rung("capture", "ok", [])],
        },
        en,
        "en",
      );
    expect(said(null, "ok")).toBe("No packet gets lost: default/a on k2 takes the connection and does not answer.");
    expect(said(500, "ok")).toBe("No packet gets lost: default/a on k2 answers 500.");
    expect(said(500, "failed")).toBe(en.unknown);
    const own = finding("reach-own", { from: "default/a", to: "10.43.0.7:80", attempts: 6, delivered: 6, answered: 0 });
    const ladder = [rung("http", "failed", [from(504)]), rung("reach", "ok", [own]), rung("capture", "ok", [])];
    expect(summaryOf({ ...CAUSELESS, lastHop: null, ladder }, en, "en")).toBe(
      "No packet gets lost: what default/a on k2 asks of 10.43.0.7:80 arrives and is not answered.",
    );
  });

  test("tells walked from tried", () => {
    expect(summaryOf(HEALTHY, en, "en")).toBe(en.healthy);
    expect(summaryOf({ ...HEALTHY, offline: true }, en, "en")).toMatch(/[Nn]othing was sent/);
    expect(summaryOf(UNKNOWN, en, "en")).toBe(en.notReproduced);
    const reach = {
      rung: "reach",
      status: "failed",
      headline: finding("not-needed", {}),
      lines: [],
      evidence: [],
    } as const;
    expect(summaryOf({ ...UNKNOWN, ladder: [reach] }, en, "en")).toBe(en.notReachedDirectly);
  });

  test("never shows a hole, whatever the cause, even where a value is missing", () => {
    for (const { id } of CAUSES) {
      const cause = { ...FORWARDING, id, found: null, wanted: null };
      const bare = {
        ...BROKEN,
        cause: { ...cause, params: { node: "k2", netns: "host", object: "x", found: "y", wanted: "z" } },
      };
      expect(verdictOf(bare).summary, id).not.toBe("");
    }
    const strange = { ...BROKEN, cause: { ...FORWARDING, id: "not-in-the-catalogue" } };
    expect(verdictOf(strange).summary).toContain("k2");
  });

  test("is one printable line, whatever a node put into it", () => {
    const cause = { ...FORWARDING, params: { ...FORWARDING.params, found: "0\u001b[2J\nCONFIRMED" } };
    expect(verdictOf({ ...BROKEN, cause }).summary).toBe(
      "Node k2 does not forward: net.ipv4.ip_forward is 0[2J CONFIRMED.",
    );
  });
});
