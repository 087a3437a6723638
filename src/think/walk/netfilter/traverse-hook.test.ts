import { describe, expect, it } from "vitest";
import { said } from "../../../../test/said.ts";
import { unknown } from "../../../facts/provenance.ts";
import type { HookOutcome } from "./contract.ts";
import {
  accept,
  asked,
  back,
  chainOf,
  chance,
  contextFor,
  dnat,
  dport,
  drop,
  filterAt,
  from,
  goTo,
  inState,
  jump,
  mark,
  marked,
  netnsWith,
  packetOf,
  rulesetOf,
  strange,
  tcp,
  to,
} from "./test-ground.ts";
import { traverseHook } from "./traverse-hook.ts";

const syn = packetOf("tcp", "10.0.0.1", "10.0.1.2");

function forward(rulesets: Parameters<typeof netnsWith>[0], packet = syn): readonly HookOutcome[] {
  return traverseHook(contextFor(netnsWith(rulesets), "FORWARD", packet));
}

/** `accept`, `drop filter/FORWARD#1`, `unknown …`: one word an outcome. */
function words(outcomes: readonly HookOutcome[]): readonly string[] {
  return outcomes.map(({ verdict }) => {
    if (verdict.do === "accept") return "accept";
    if (verdict.do === "unknown") return `unknown ${verdict.by?.chain ?? ""}#${verdict.by?.number ?? ""}`;
    return `${verdict.do} ${verdict.by.chain}#${verdict.by.number}`;
  });
}

describe("base chains", () => {
  it("accept without any rule", () => {
    expect(words(forward([]))).toEqual(["accept"]);
  });

  it("accept in one does not keep a later one, of another backend, from dropping", () => {
    const first = chainOf("FORWARD", [[[], accept]], { hook: "FORWARD", priority: -150, type: "filter" });
    const rulesets = [rulesetOf("iptables-legacy", "mangle", [first]), filterAt("FORWARD", [[[], drop]])];
    expect(words(forward(rulesets))).toEqual(["drop FORWARD#1"]);
  });

  it("a drop is final, whatever comes behind it", () => {
    const later = chainOf("late", [[[], accept]], { hook: "FORWARD", priority: 10, type: "filter" });
    const rulesets = [rulesetOf("nft", "mine", [later], "inet"), filterAt("FORWARD", [[[], drop]])];
    expect(words(forward(rulesets))).toEqual(["drop FORWARD#1"]);
  });

  it("fall to their policy, named by number 0, at the end and by RETURN", () => {
    expect(words(forward([filterAt("FORWARD", [], [], "DROP")]))).toEqual(["drop FORWARD#0"]);
    expect(
      words(
        forward([
          filterAt(
            "FORWARD",
            [
              [[], back],
              [[], accept],
            ],
            [],
            "DROP",
          ),
        ]),
      ),
    ).toEqual(["drop FORWARD#0"]);
  });

  it("of other families are not met", () => {
    const chain = chainOf("FORWARD", [[[], drop]], { hook: "FORWARD", priority: 0, type: "filter" });
    expect(words(forward([rulesetOf("iptables-nft", "filter", [chain], "ip6")]))).toEqual(["accept"]);
    expect(words(forward([rulesetOf("nft", "filter", [chain], "inet")]))).toEqual(["drop FORWARD#1"]);
  });

  it("of one priority that end differently in another order are unknown; if both drop, that is known", () => {
    const at = { hook: "FORWARD", priority: 0, type: "filter" } as const;
    const reject = chainOf("FORWARD", [[[], { do: "REJECT", with: "icmp-port-unreachable" }]], at);
    const dropping = chainOf("FORWARD", [[[], drop]], at);
    const passing = chainOf("FORWARD", [[[], accept]], at);
    const legacy = (chain: typeof reject) => rulesetOf("iptables-legacy", "filter", [chain]);
    const nft = (chain: typeof reject) => rulesetOf("iptables-nft", "filter", [chain]);
    expect(words(forward([legacy(reject), nft(dropping)]))).toEqual(["unknown #"]);
    expect(words(forward([legacy(dropping), nft(dropping)]))).toEqual(["drop FORWARD#1"]);
    expect(words(forward([legacy(passing), nft(dropping)]))).toEqual(["drop FORWARD#1"]);
  });

  it("of one priority that all let it pass, but not as the same packet, may have done either", () => {
    const at = { hook: "FORWARD", priority: 0, type: "filter" } as const;
    const marking = chainOf("FORWARD", [[[], mark(1)]], at);
    const asking = chainOf("FORWARD", [[[marked(1, 1)], mark(2)]], at);
    const outcomes = forward([rulesetOf("nft", "a", [marking]), rulesetOf("nft", "b", [asking])]);
    expect(outcomes.map((o) => [o.verdict.do, o.packet.mark, o.weight])).toEqual([
      ["accept", 2, null],
      ["accept", 1, null],
    ]);
  });

  it("unread rules are not absent rules", () => {
    const netns = { ...netnsWith([]), rulesets: unknown("permission denied") };
    expect(traverseHook(contextFor(netns, "FORWARD", syn))[0]?.verdict).toMatchObject({ do: "unknown", by: null });
  });
});

describe("user chains", () => {
  it("return to the rule behind the jump", () => {
    const outcome = forward([
      filterAt(
        "FORWARD",
        [
          [[], jump("A")],
          [[marked(1, 1)], drop],
        ],
        [
          chainOf("A", [
            [[], mark(1)],
            [[tcp], back],
            [[], accept],
          ]),
        ],
      ),
    ]);
    expect(words(outcome)).toEqual(["drop FORWARD#2"]);
  });

  it("a goto leaves nothing to come back to: its chain returns to the caller of the chain that did it", () => {
    const chains = [
      chainOf("A", [
        [[], goTo("B")],
        [[], drop],
      ]),
      chainOf("B", [[[], mark(1)]]),
    ];
    const rules = [
      [[], jump("A")],
      [[marked(1, 1)], { do: "REJECT", with: "tcp-reset" }],
    ] as const;
    expect(words(forward([filterAt("FORWARD", rules, chains)]))).toEqual(["reject FORWARD#2"]);
    expect(
      words(
        forward([
          filterAt(
            "FORWARD",
            [
              [[], goTo("B")],
              [[], drop],
            ],
            chains,
          ),
        ]),
      ),
    ).toEqual(["accept"]);
  });

  it("that are missing, or call themselves for ever, are unknown", () => {
    expect(words(forward([filterAt("FORWARD", [[[], jump("GONE")]])]))).toEqual(["unknown FORWARD#1"]);
    const endless = chainOf("A", [[[], jump("A")]]);
    expect(words(forward([filterAt("FORWARD", [[[], jump("A")]], [endless])]))).toEqual(["unknown A#1"]);
  });
});

describe("what is not known", () => {
  it("matters where the two ways differ, and names the rule", () => {
    const [outcome] = forward([filterAt("FORWARD", [[[strange], drop]])]);
    expect(outcome?.verdict).toMatchObject({ do: "unknown", by: { chain: "FORWARD", number: 1 } });
    expect(outcome?.verdict.do === "unknown" ? said(outcome.verdict.why) : null).toContain("bpf");
  });

  it("does not matter behind a definite no, in front of the same end, or for marks that nobody asks for", () => {
    expect(words(forward([filterAt("FORWARD", [[[strange, from("10.9.0.0/16")], drop]])]))).toEqual(["accept"]);
    expect(words(forward([filterAt("FORWARD", [[[strange], accept]])]))).toEqual(["accept"]);
    expect(words(forward([filterAt("FORWARD", [[[strange], drop]], [], "DROP")]))).toEqual(["drop FORWARD#0"]);
    expect(words(forward([filterAt("FORWARD", [[[strange], mark(4)]])]))).toEqual(["accept"]);
    const read = [
      [[strange], mark(4)],
      [[marked(4, 4)], drop],
    ] as const;
    expect(words(forward([filterAt("FORWARD", read)]))).toEqual(["unknown FORWARD#1"]);
  });

  it("is not multiplied by itself: fifty such rules take fifty steps", () => {
    const rules = Array.from({ length: 50 }, (_, i) => [[strange], mark(1 << (i % 8))] as const);
    expect(words(forward([filterAt("FORWARD", [...rules, [[], drop]])]))).toEqual(["drop FORWARD#51"]);
  });

  it("a target that is not modelled is unknown only when it is met", () => {
    const queue = { do: "unknown", name: "NFQUEUE", text: "-j NFQUEUE" } as const;
    expect(words(forward([filterAt("FORWARD", [[[to("10.9.9.9/32")], queue]])]))).toEqual(["accept"]);
    expect(words(forward([filterAt("FORWARD", [[[tcp], queue]])]))).toEqual(["unknown FORWARD#1"]);
  });
});

describe("chance", () => {
  const endpoints = ["10.1.0.1", "10.1.0.2", "10.1.0.3"];
  const service = rulesetOf("iptables-nft", "nat", [
    chainOf("PREROUTING", [[[to("10.96.0.1/32"), tcp, dport(80)], jump("SVC")]], {
      hook: "PREROUTING",
      priority: -100,
      type: "nat",
    }),
    chainOf("SVC", [
      [[chance(0.33333333349)], jump("SEP0")],
      [[chance(0.5)], jump("SEP1")],
      [[], jump("SEP2")],
    ]),
    ...endpoints.map((address, i) => chainOf(`SEP${i}`, [[[tcp], dnat(address, 8080)]])),
  ]);

  it("makes a way for each endpoint, each with its exact share", () => {
    const packet = packetOf("tcp", "10.0.0.1", "10.96.0.1");
    const outcomes = traverseHook(contextFor(netnsWith([service]), "PREROUTING", packet));
    expect(outcomes.map((o) => o.weight)).toEqual([
      expect.closeTo(1 / 3, 12),
      expect.closeTo(1 / 3, 12),
      expect.closeTo(1 / 3, 12),
    ]);
    expect(outcomes.map((o) => o.packet.headers)).toEqual(
      endpoints.map((address) => packetOf("tcp", "10.0.0.1", address, { dport: 8080 }).headers),
    );
    expect(outcomes[1]?.acted.map((p) => `${p.chain}#${p.number}`)).toEqual(["PREROUTING#1", "SVC#2", "SEP1#1"]);
  });

  it("that makes no difference makes no ways", () => {
    expect(forward([filterAt("FORWARD", [[[chance(0.25)], accept]])])).toMatchObject([
      { weight: 1, verdict: { do: "accept" } },
    ]);
  });

  it("of session affinity has no known share", () => {
    const recent = { match: "unknown", negate: false, module: "recent", text: "-m recent --rcheck --name X" } as const;
    const outcomes = forward([filterAt("FORWARD", [[[recent], drop]])]);
    expect(outcomes.map((o) => [o.verdict.do, o.weight])).toEqual([
      ["drop", null],
      ["accept", null],
    ]);
  });
});

describe("what is asked", () => {
  it("is the end of a user chain too, where nothing in it took the packet: a missing rule might have", () => {
    const { reads, ask } = asked();
    const emptied = chainOf("SVC", []);
    const netns = netnsWith([filterAt("FORWARD", [[[], jump("SVC")]], [emptied])]);
    traverseHook({ ...contextFor(netns, "FORWARD", syn), ask });
    expect(reads).toContainEqual(expect.objectContaining({ of: "rule", chain: "SVC", number: 0 }));
  });

  it("names the rules that matched and the policy that was read", () => {
    const { reads, ask } = asked();
    const netns = netnsWith([
      filterAt("FORWARD", [
        [[from("10.9.0.0/16")], drop],
        [[tcp], mark(1)],
      ]),
    ]);
    traverseHook(contextFor(netns, "FORWARD", syn, { ask }));
    const place = {
      of: "rule",
      netns: "n/host",
      backend: "iptables-nft",
      family: "ip",
      table: "filter",
      chain: "FORWARD",
    };
    expect(reads).toEqual([
      { ...place, number: 2 },
      { ...place, number: 0 },
    ]);
  });
});

describe("conntrack in its place", () => {
  const at = (hook: "PREROUTING" | "FORWARD", priority: number) => ({ hook, priority, type: "filter" }) as const;

  it("opens a connection, after the raw table", () => {
    const raw = chainOf("PREROUTING", [[[inState("NEW")], drop]], at("PREROUTING", -300));
    const mangle = chainOf("PREROUTING", [[[inState("NEW")], mark(7)]], at("PREROUTING", -150));
    const rulesets = [rulesetOf("iptables-nft", "raw", [raw]), rulesetOf("iptables-nft", "mangle", [mangle])];
    const [outcome] = traverseHook(contextFor(netnsWith(rulesets), "PREROUTING", { ...syn, ct: "ESTABLISHED" }));
    expect(outcome?.packet).toMatchObject({ ct: "NEW", mark: 7 });
    expect(outcome?.connection).toMatchObject({ direction: "ORIGINAL", dnatDone: true, snatDone: false });
  });

  it("leaves NOTRACK alone, and so does NAT", () => {
    const raw = chainOf("PREROUTING", [[[], { do: "NOTRACK" }]], at("PREROUTING", -300));
    const nat = chainOf("PREROUTING", [[[], dnat("10.1.0.1")]], { ...at("PREROUTING", -100), type: "nat" });
    const rulesets = [rulesetOf("iptables-nft", "raw", [raw]), rulesetOf("iptables-nft", "nat", [nat])];
    const [outcome] = traverseHook(contextFor(netnsWith(rulesets), "PREROUTING", syn));
    expect(outcome).toMatchObject({ connection: null, packet: { ct: "UNTRACKED", headers: syn.headers } });
  });

  it("calls a SYN-ACK INVALID that belongs to nothing", () => {
    const reply = packetOf("tcp", "10.0.1.2", "10.0.0.1", { flags: "syn-ack" });
    const [outcome] = traverseHook(contextFor(netnsWith([]), "PREROUTING", reply));
    expect(outcome).toMatchObject({ connection: null, packet: { ct: "INVALID" } });
  });
});
