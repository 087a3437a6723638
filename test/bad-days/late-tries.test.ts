import { beforeAll, expect, it } from "vitest";
import { injectFault } from "../../src/lab/fault.ts";
import { verdictSchema } from "../../src/verdict/verdict.ts";
import { describeAsRoot, useCommandLine, useLab } from "../cli/command-line.ts";
import { wrongTools } from "./wrong-tools.ts";

const LAB = "tbad-late";
const line = useCommandLine();

describeAsRoot("a client that takes its time to begin", () => {
  const at = useLab(line, { name: LAB });
  beforeAll(() => injectFault(LAB, "mtu-black-hole", "k2"));

  it("has what the gateway waits for found all the same, though its connections stand", async () => {
    const argv = ["diagnose", `${at.lab.url}bytes/6000`, ...at.flags, "-o", "json"];
    const { stdout } = await line.run(argv, { env: wrongTools(line, at.lab.clientNetns, { curl: "sleep 2" }) });
    expect(verdictSchema.parse(JSON.parse(stdout))).toMatchObject({
      confidence: "likely",
      cause: { id: "mtu-black-hole", object: "segment k2:eth0 k1:eth0" },
    });
  });
});
