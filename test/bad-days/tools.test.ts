import { isAsked } from "./asked.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { injectFault } from "../../src/lab/fault.ts";
import { type Verdict, verdictSchema } from "../../src/verdict/verdict.ts";
import { describeAsRoot, useCommandLine, useLab } from "../cli/command-line.ts";
import { wrongTools } from "./wrong-tools.ts";

const LAB = "tbad-tool";
const K2 = `lasthop-${LAB}-k2`;
const line = useCommandLine();

/** Its own words of what it could not check, as `what: why`. */
function missed(verdict: Verdict): readonly string[] {
  return verdict.notChecked.map(({ what, why }) => `${what}: ${why}`);
}

describeAsRoot("a tool of node k2, which forwards nothing,", () => {
  const at = useLab(line, { name: LAB });
  beforeAll(() => injectFault(LAB, "ip-forward-off", "k2"));

  async function diagnose(tools: Readonly<Record<string, string>>, timeout = "20"): Promise<Verdict> {
    const argv = ["diagnose", at.lab.url, ...at.flags, "--timeout", timeout, "-o", "json"];
    const running = line.start(argv, { env: wrongTools(line, K2, tools) });
    const { stdout, stderr } = await running.ended;
    expect(stderr).toBe("");
    expect(running.left()).toEqual([]);
    return verdictSchema.parse(JSON.parse(stdout));
  }

  it.runIf(isAsked)("prints without end: what it tells is unknown, the cause is found without", async () => {
    const verdict = await diagnose({ ss: "exec yes", "iptables-save": "exec yes" });
    expect(missed(verdict)).toContainEqual(expect.stringMatching(/^sockets: k2.*longer than 67108864 bytes$/));
    expect(verdict).toMatchObject({ confidence: "confirmed", cause: { id: "ip-forward-off", node: "k2" } });
  });

  it.runIf(isAsked)("prints without end where the cause stands: then nobody is guilty", async () => {
    const verdict = await diagnose({ grep: 'case "$*" in -rs*) exec yes;; esac' });
    expect(missed(verdict)).toContainEqual(expect.stringMatching(/^sysctls: k2.*longer than/));
    expect(verdict).toMatchObject({ outcome: "broken", cause: null, repairs: [] });
    expect(verdict.lastHop).toMatchObject({ node: "k2", interface: "flannel.1", direction: "in" });
  });

  it.runIf(isAsked)("never ends: it is given up at its deadline, is named, and nothing else is blamed", async () => {
    const verdict = await diagnose({ conntrack: "exec sleep 4741" }, "8");
    expect(missed(verdict)).toContainEqual(
      expect.stringMatching(/^tracked connections: k2.*no answer within 8000 ms$/),
    );
    expect(verdict.outcome).toBe("broken");
    expect([null, "ip-forward-off"]).toContain(verdict.cause?.id ?? null);
    expect(verdict.otherCauses).toEqual([]);
  });

  it.runIf(isAsked)("breaks off in the middle of a line, with status 0: half a table is no table", async () => {
    const verdict = await diagnose({
      ip: 'case "$*" in "-4 route show table all") "$real" "$@" | head -c 120; exit 0;; esac',
    });
    expect(missed(verdict)).toContainEqual("routes: k2: its output ends inside a line");
    expect(verdict).toMatchObject({ outcome: "broken", cause: null, repairs: [] });
  });

  describe("tcpdump: its silence proves nothing, so the cause is likely at most,", () => {
    /** Passes on what tcpdump says on stderr through sed. */
    const saying = (edit: string): string =>
      `trap : INT; { "$real" "$@" 2>&1 >&3 3>&- | { trap '' INT; exec sed -u '${edit}' >&2 3>&-; }; } 3>&1; exit 0`;

    it.each<[string, string, RegExp]>([
      [
        "dies half-way",
        '"$real" "$@" & child=$!; trap "kill -INT $child" INT; (sleep 1; kill -KILL $child) & wait $child; exit 137',
        /tcpdump ended before it was stopped/,
      ],
      ["never says that it listens", "exec sleep 4742", /tcpdump did not start listening/],
      ["drops", saying("s/^0 packets dropped by kernel/17 packets dropped by kernel/"), /17 packets dropped/],
      [
        "hears what it does not write",
        saying("s/^\\([0-9]*\\) packets received by filter/900\\1 packets received by filter/"),
        /\d+ packets received but not written/,
      ],
      ["gives no counts", saying("/packets/d"), /without its counts/],
    ])("%s", async (_, script, why) => {
      const verdict = await diagnose({ tcpdump: script });
      expect(missed(verdict)).toContainEqual(
        expect.stringMatching(new RegExp(`^absence of packets in k2/host: .*${why.source}`)),
      );
      expect(verdict).toMatchObject({
        outcome: "broken",
        confidence: "likely",
        cause: { id: "ip-forward-off", node: "k2" },
      });
      expect(verdict.path.filter(({ node, witnessed }) => node === "k2" && witnessed === false)).toEqual([]);
    });
  });
});
