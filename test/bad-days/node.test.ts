import { isAsked } from "./asked.ts";
import { beforeAll, expect, it } from "vitest";
import { injectFault } from "../../src/lab/fault.ts";
import { verdictSchema } from "../../src/verdict/verdict.ts";
import { describeAsRoot, useCommandLine, useLab } from "../cli/command-line.ts";
import { wrongTools, wrongWay } from "./wrong-tools.ts";

const LAB = "tbad-node";
const K2 = `lasthop-${LAB}-k2`;
const line = useCommandLine();

describeAsRoot("a node on a bad day", () => {
  const at = useLab(line, { name: LAB });
  beforeAll(() => injectFault(LAB, "ip-forward-off", "k2"));

  it.runIf(isAsked)(
    "is slow: the others go on, and the status line says whom it waits for and how long at most",
    async () => {
      const { stdout } = await line.run(["diagnose", at.lab.url, ...at.flags, "--timeout", "30"], {
        under: ["sh", "-c", `stty cols 120 2>/dev/null; exec script -qec "$*" /dev/null`, "sh"],
        env: { TERM: "xterm", ...wrongWay(line, K2, "sleep 4") },
      });
      expect(stdout).toMatch(/… waiting for [^\r]*k2[^\r]*, \d+ s \(at most 30 s a command: --timeout\)/);
      expect(stdout).toMatch(/http +502, 6 of 6 tries/);
    },
  );

  it.runIf(isAsked)("is slow, on a dumb terminal: no line is rewritten", async () => {
    const { stdout } = await line.run(["walk", "node/k1", "svc/backend", ...at.flags], {
      under: ["sh", "-c", `exec script -qec "$*" /dev/null`, "sh"],
      env: { TERM: "dumb" },
    });
    expect(stdout).toContain("FORWARDING_OFF");
    expect(stdout).not.toContain("\u001b");
  });

  it.runIf(isAsked)(
    "dies when the taps are to start: what it would have told is missing, nobody is guilty of that, nothing is left",
    async () => {
      // A machine that freezes: connections stay open and silent.
      const freeze = `for pid in $(ip netns pids ${K2}); do
  [ "$pid" != $$ ] && grep -qzx "LASTHOP_TEST_MARK=$LASTHOP_TEST_MARK" "/proc/$pid/environ" 2>/dev/null && kill -STOP "$pid"
done
exec sleep 4751`;
      const argv = ["diagnose", at.lab.url, ...at.flags, "--timeout", "5", "-o", "json"];
      const running = line.start(argv, { env: wrongTools(line, K2, { tcpdump: freeze }) });
      const { stdout, stderr } = await running.ended;
      expect(stderr).toBe("");
      const verdict = verdictSchema.parse(JSON.parse(stdout));
      expect(verdict.outcome).not.toBe("healthy");
      expect(verdict.confidence).not.toBe("confirmed");
      expect([null, "ip-forward-off"]).toContain(verdict.cause?.id ?? null);
      expect(verdict.path.filter((hop) => hop.node === "k2" && hop.netns === "host" && hop.witnessed !== null)).toEqual(
        [],
      );
      expect(verdict.notChecked).toContainEqual({
        what: "absence of packets in k2/host",
        why: expect.any(String),
      });
      expect(running.left()).toEqual([]);
    },
  );
});
