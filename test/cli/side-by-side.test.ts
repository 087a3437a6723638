import { afterEach, expect, it } from "vitest";
import { healFaults, injectFault } from "../../src/lab/fault.ts";
import { type Verdict, verdictSchema } from "../../src/verdict/verdict.ts";
import { describeAsRoot, useCommandLine, useLab } from "./command-line.ts";

const line = useCommandLine();

describeAsRoot("two at the same time", () => {
  // The same addresses, the same node names: only the inventory and the kubeconfig tell them apart.
  const one = useLab(line, { name: "tcli-one", nodes: 2 });
  const two = useLab(line, { name: "tcli-two", nodes: 2 });
  afterEach(async () => {
    for (const lab of ["tcli-one", "tcli-two"]) await healFaults(lab);
  });

  async function diagnose(flags: readonly string[], symptom: string, state: string): Promise<Verdict> {
    // What each remembers is its own affair.
    const { stdout } = await line.run(["diagnose", symptom, "-o", "json", ...flags], {
      env: { XDG_STATE_HOME: `${line.state}-${state}` },
    });
    return verdictSchema.parse(JSON.parse(stdout));
  }

  it("diagnoses of one cluster do not take each other's packets for their own", async () => {
    await injectFault("tcli-one", "ip-forward-off", "k2");
    const [a, b, c] = await Promise.all([
      diagnose(one.flags, one.lab.url, "a"),
      diagnose(one.flags, one.lab.url, "b"),
      diagnose(one.flags, one.lab.url.replace("30007", "31999"), "c"),
    ]);
    for (const verdict of [a, b]) {
      expect(verdict).toMatchObject({
        outcome: "broken",
        confidence: "confirmed",
        cause: { id: "ip-forward-off", node: "k2" },
        lastHop: { node: "k2", interface: "flannel.1" },
      });
      expect(verdict.path.filter(({ predicted }) => !predicted)).toEqual([]);
    }
    expect(c).toMatchObject({ confidence: "confirmed", cause: { id: "port-closed", node: "k1" } });
  });

  it("clusters with the same names and addresses are not mixed up", async () => {
    await injectFault("tcli-one", "ip-forward-off", "k2");
    const [sick, sound] = await Promise.all([
      diagnose(one.flags, one.lab.url, "one"),
      diagnose(two.flags, two.lab.url, "two"),
    ]);
    expect(sick).toMatchObject({ outcome: "broken", cause: { id: "ip-forward-off" } });
    expect(sound).toMatchObject({ outcome: "healthy", cause: null });
  });

  it("a verdict of one cluster is not applied to the one that was diagnosed last", async () => {
    await injectFault("tcli-one", "ip-forward-off", "k2");
    await injectFault("tcli-two", "ip-forward-off", "k2");
    const { stdout } = await line.run(["diagnose", one.lab.url, "-o", "json", ...one.flags]);
    const verdict = line.file("of-one.json", stdout);
    await line.run(["diagnose", two.lab.url, "-q", ...two.flags]);
    const { code, stderr } = await line.run(["repair", verdict, "--apply"], { env: { KUBECONFIG: "" } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/kubeconfig/);
    expect(await diagnose(two.flags, two.lab.url, "two")).toMatchObject({ outcome: "broken" });
  });
});
