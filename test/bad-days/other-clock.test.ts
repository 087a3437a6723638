import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { healFaults, injectFault } from "../../src/lab/fault.ts";
import { type Verdict, verdictSchema } from "../../src/verdict/verdict.ts";
import { describeAsRoot, useCommandLine, useLab } from "../cli/command-line.ts";
import { isAsked } from "./asked.ts";
import { wrongTools } from "./wrong-tools.ts";

/** Namespaces of one machine share its clock: the tools that tell a node's time are what is wrong here. */

const LAB = `tbad-clock-${process.pid}`;
const line = useCommandLine();

/** Passes on a pcap stream with the time of every packet set forward: 24 bytes of header, then 16 before each packet. */
const SHIFT = `
let rest = Buffer.alloc(0), head = false;
process.on("SIGINT", () => {});
process.stdin.on("data", (bytes) => {
  rest = Buffer.concat([rest, bytes]);
  if (!head && rest.length >= 24) { process.stdout.write(rest.subarray(0, 24)); rest = rest.subarray(24); head = true; }
  while (head && rest.length >= 16 && rest.length >= 16 + rest.readUInt32LE(8)) {
    const packet = Buffer.from(rest.subarray(0, 16 + rest.readUInt32LE(8)));
    packet.writeUInt32LE(packet.readUInt32LE(0) + Number(process.argv[2]), 0);
    process.stdout.write(packet);
    rest = rest.subarray(packet.length);
  }
});
`;

describeAsRoot("the clock of node k2 is an hour ahead", () => {
  const at = useLab(line, { name: LAB });

  async function diagnose(): Promise<Verdict> {
    const shift = join(line.directory, "shift.cjs");
    writeFileSync(shift, SHIFT);
    const tools = {
      date: 'case "$*" in +%s.%N) "$real" -d "+1 hour" "$@"; exit;; esac',
      tcpdump: `trap : INT; "$real" "$@" | ( trap '' INT; exec ${process.execPath} ${shift} 3600 ); exit 0`,
    };
    const argv = ["diagnose", at.lab.url, ...at.flags, "-o", "json"];
    const { stdout, stderr } = await line.start(argv, { env: wrongTools(line, `lasthop-${LAB}-k2`, tools) }).ended;
    expect(stderr).toBe("");
    return verdictSchema.parse(JSON.parse(stdout));
  }

  const skews = ({ notChecked }: Verdict) => notChecked.filter(({ why }) => why.includes("clock"));

  it("alone: all is healthy, and the clock is noted", async () => {
    const verdict = await diagnose();
    expect(verdict).toMatchObject({ outcome: "healthy", cause: null, otherCauses: [] });
    expect(skews(verdict)).toEqual([
      { what: expect.stringContaining("k2"), why: expect.stringMatching(/3[56]\d\d s ahead of that of k1/) },
    ]);
  }, 60_000);

  it.runIf(isAsked)(
    "beside a fault: the verdict is as sure, and the same",
    async () => {
      await injectFault(LAB, "ip-forward-off", "k2");
      const verdict = await diagnose();
      await healFaults(LAB);
      expect(verdict).toMatchObject({
        outcome: "broken",
        confidence: "confirmed",
        cause: { id: "ip-forward-off", node: "k2" },
        otherCauses: [],
        lastHop: { node: "k2", interface: "flannel.1", direction: "in" },
      });
      expect(skews(verdict)).toHaveLength(1);
    },
    60_000,
  );
});
