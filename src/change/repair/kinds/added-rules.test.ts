import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Repair } from "../../../verdict/verdict.ts";
import { applyPlan } from "../apply.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { planRepair } from "../plan.ts";
import { isRoot, repair, ScratchNode, verdictOf } from "../testing/scratch-node.ts";
import { applyUndo } from "../undo.ts";

const PLAIN = { force: false, persist: false };
const FORCE = { force: true, persist: false };

describe.skipIf(!isRoot).each(["nft", "legacy"] as const)("a rule put in by iptables-%s (needs root)", (backend) => {
  const tool = `iptables-${backend}` as const;
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode(`add-${backend}`);
  });
  afterAll(() => node.remove());
  beforeEach(() => {
    node.sh(`${tool} -F FORWARD; for n in 1 2 3; do ${tool} -A FORWARD -s 10.$n.0.0/16 -j DROP; done`);
  });

  const rules = () => node.sh(`${tool} -S FORWARD`).trim().split("\n").slice(1);
  const ours = (number: number, rest: string): Repair =>
    repair("add-rule", {
      backend: tool,
      family: "ip",
      table: "filter",
      chain: "FORWARD",
      number: String(number),
      before: rules()[number - 1] ?? "",
      text: `-A FORWARD ${rest}`,
    });

  async function apply(one: Repair, options = PLAIN) {
    const { steps, error, unfinished } = await applyPlan(
      planRepair(verdictOf([one]), options),
      node.context(),
      options,
    );
    return { error, entry: steps[0]?.entry ?? unfinished };
  }

  async function undo(entry: JournalEntry | null, options = PLAIN) {
    if (entry === null) throw new Error("nothing was journaled");
    return (await applyUndo({ entries: [entry], takesBack: [] }, node.context(), options)).error;
  }

  it.each([1, 2, 4])("refused by this node's iptables at %i, leaves nothing to take back", async (number) => {
    const all = rules();
    const { error, entry } = await apply(ours(number, "-m nosuch -j ACCEPT"));
    expect(error?.code).toBe("command-failed");
    expect(await undo(entry)).toBeNull();
    expect(rules()).toEqual(all);
  });

  it.each([2, 4])(
    "at %i, has the place before the rule that it precedes, whatever was put in above since",
    async (number) => {
      const one = ours(number, "-s 192.0.2.9/32 -j ACCEPT");
      node.sh(`for n in 1 2 3 4; do ${tool} -I FORWARD 1 -s 192.0.2.$n -j DROP; done`);
      const all = rules();
      const { error, entry } = await apply(one);
      expect(error).toBeNull();
      expect(rules()).toEqual(all.toSpliced(number + 3, 0, "-A FORWARD -s 192.0.2.9/32 -j ACCEPT"));
      expect(await undo(entry)).toBeNull();
      expect(rules()).toEqual(all);
    },
  );

  it.each([
    ["is gone", "-D FORWARD 2"],
    ["is there twice", "-A FORWARD -s 10.2.0.0/16 -j DROP"],
  ])("has no place where the rule that it precedes %s, whatever is forced", async (_, change) => {
    const one = ours(2, "-s 192.0.2.9/32 -j ACCEPT");
    node.sh(`${tool} ${change}`);
    const all = rules();
    expect((await apply(one)).error?.code).toBe("changed-since");
    expect((await apply(one, FORCE)).error?.code).toBe("read-back-differs");
    expect(rules()).toEqual(all);
  });

  it("is not put in when its place moves between reading and writing", async () => {
    const one = ours(2, "-s 192.0.2.9/32 -j ACCEPT");
    const transport = Object.create(node.transport) as typeof node.transport;
    transport.change = (name, command, stdin) => {
      if (command.argv.includes(tool)) node.sh(`${tool} -I FORWARD 1 -s 192.0.2.1 -j ACCEPT`);
      return node.transport.change(name, command, stdin);
    };
    const all = rules();
    const { error } = await applyPlan(planRepair(verdictOf([one]), PLAIN), node.context({ transport }), PLAIN);
    expect(error?.code).toBe("command-failed");
    expect(rules().slice(1)).toEqual(all);
  });

  it("refused, is not what another writer puts in above its place", async () => {
    const { entry } = await apply(ours(2, "-m nosuch -j ACCEPT"));
    node.sh(`${tool} -I FORWARD 1 -s 192.0.2.1 -j ACCEPT`);
    const all = rules();
    expect(await undo(entry)).toBeNull();
    expect(rules()).toEqual(all);
  });

  it("there already, is left there whatever is forced", async () => {
    const all = rules();
    const { error, entry } = await apply(ours(2, "-s 10.3.0.0/16 -j DROP"), FORCE);
    expect(error).toBeNull();
    expect(await undo(entry)).toBeNull();
    expect(rules()).toEqual(all);
  });

  it("interrupted, is found again below what another writer has put in", async () => {
    const all = rules();
    const { entry } = await apply(ours(2, "-s 192.0.2.9/32 -j ACCEPT"));
    node.sh(`${tool} -I FORWARD 1 -s 192.0.2.1 -j ACCEPT`);
    expect(await undo({ ...(entry as JournalEntry), status: "applying", after: null })).toBeNull();
    expect(rules().slice(1)).toEqual(all);
  });

  it("printed in other words than the peer's, is known by its place", async () => {
    const all = rules();
    const { error, entry } = await apply(ours(2, "-s 192.0.2.9 -p 6 -j ACCEPT"));
    expect(error).toBeNull();
    node.sh(`${tool} -I FORWARD 1 -s 192.0.2.1 -j ACCEPT`);
    expect(await undo(entry)).toBeNull();
    expect(rules().slice(1)).toEqual(all);
  });

  it.each([
    "-j ACCEPT -t mangle",
    "-j ACCEPT -tmangle",
    "-4tmangle -j ACCEPT",
    "-f -t mangle -j ACCEPT",
    '-j ACCEPT "-t" mangle',
    "-j ACCEPT --table mangle",
    "-j ACCEPT --tab=mangle",
    "-j ACCEPT --modprobe=/bin/false",
    "-j ACCEPT -M /bin/false",
    "-m comment --comment x --mod /bin/false -j ACCEPT",
    // The value of -i is `--comment`.
    "-i --comment -t mangle -j ACCEPT",
    "-j LOG --log-prefix --comment -t mangle",
  ])("speaks of itself alone, and of no table or program: %s", (rest) => {
    expect(() => ours(1, rest)).toThrow(expect.objectContaining({ code: "bad-params" }));
  });

  it.each(["-t", "--table", "-M"])("may say %s in a comment", async (comment) => {
    const all = rules();
    const { error, entry } = await apply(ours(1, `-m comment --comment ${comment} -j ACCEPT`));
    expect(error).toBeNull();
    expect(rules()).toContain(`-A FORWARD -m comment --comment ${comment} -j ACCEPT`);
    expect(await undo(entry)).toBeNull();
    expect(rules()).toEqual(all);
  });
});

describe.skipIf(!isRoot)("a rule of native nft, put in by hand (needs root)", () => {
  let node: ScratchNode;

  beforeAll(() => {
    node = new ScratchNode("add-byhand");
  });
  afterAll(() => node.remove());

  const CHAIN = ["ip saddr 10.1.0.0/16 accept", "ip saddr 10.3.0.0/16 accept", "drop"];
  const listed = () =>
    node
      .sh("nft -s list chain inet fw forward")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => /accept$|drop$/.test(line));

  it.each([
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 3],
  ])("by the printed commands is before the rule that has number %i", (number, index) => {
    node.sh(`nft add table inet fw; nft flush table inet fw; nft add chain inet fw forward`);
    for (const rule of CHAIN) node.sh(`nft add rule inet fw forward ${rule}`);
    const text = "ip saddr 10.2.0.0/16 accept";
    const one = repair("add-rule", {
      backend: "nft",
      family: "inet",
      table: "fw",
      chain: "forward",
      number: String(number),
      before: CHAIN[number - 1] ?? "",
      text,
    });
    const [step] = planRepair(verdictOf([one]), PLAIN).byHand;
    for (const argv of step?.repair.commands ?? []) node.sh(argv.map((word) => `'${word}'`).join(" "));
    expect(listed()).toEqual(CHAIN.toSpliced(index, 0, text));
  });
});
