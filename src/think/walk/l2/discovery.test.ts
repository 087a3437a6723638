import { describe, expect, test } from "vitest";
import { ip, prefix } from "../../../facts/ip.ts";
import type { Link, Neighbour, Netns } from "../../../facts/netns.ts";
import { known, type Provenance } from "../../../facts/provenance.ts";
import type { Match, Ruleset } from "../../../facts/ruleset.ts";
import { firstPacket } from "../flow-packet.ts";
import { chainOf, inState, netnsWith, type RuleParts, rulesetOf, to } from "../netfilter/test-ground.ts";
import type { Flow } from "../branch.ts";
import { Traveller } from "../traveller.ts";
import { answersFor } from "./arp.ts";
import { loseDiscovery } from "./discovery.ts";

const because: Provenance = { source: { node: "n", netns: "n/host", argv: ["ip"], at: "" }, line: 1 };
const ROUTER = "fd42::1";
const POD = "fd42::3";
const SENDER = "fd42:9::7";
const icmpv6: Match = { match: "protocol", negate: false, protocols: [58] };

function linkWith(mac: string, ...addresses: readonly string[]): Link {
  const rows = addresses.map((text) => ({ ip: ip(text), prefix: prefix(`${text}/128`), scope: "global", because }));
  return { name: "eth0", mac, up: true, flags: [], addresses: rows, because } as unknown as Link;
}

function side(id: string, rulesets: readonly Ruleset[] = [], neighbours: readonly Neighbour[] = []): Netns {
  return netnsWith(rulesets, { id: id as Netns["id"], neighbours: known(neighbours) });
}

function filter6(hook: "INPUT" | "OUTPUT", rules: readonly RuleParts[], policy: "ACCEPT" | "DROP" = "ACCEPT") {
  return rulesetOf(
    "iptables-nft",
    "filter",
    [chainOf(hook, rules, { hook, priority: 0, type: "filter", policy })],
    "ip6",
  );
}

function lost(parts: {
  readonly router?: readonly Ruleset[];
  readonly pod?: readonly Ruleset[];
  readonly known?: readonly Neighbour[];
  readonly routerHas?: readonly string[];
}) {
  const asker = side("n/host", parts.router);
  const owner = side("n/pod:default/web", parts.pod, parts.known);
  const world = { netns: new Map([asker, owner].map((n) => [n.id, n])), wires: [] } as never;
  const flow: Flow = {
    from: asker.id,
    src: ip(SENDER),
    dst: ip(POD),
    protocol: "tcp",
    sport: 29_999,
    dport: 8080,
    bytes: 60,
  };
  const traveller = new Traveller(world, flow, "request", 1, firstPacket(flow, ip(SENDER)));
  const near = { netns: asker, link: linkWith("02:00:00:00:00:01", ...(parts.routerHas ?? [ROUTER, "fe80::1"])) };
  const far = { netns: owner, link: linkWith("02:00:00:00:00:03", POD, "fe80::3") };
  const found = loseDiscovery(traveller, near, far, ip(POD));
  const reads = found?.decidedBy.map((r) => (r.of === "rule" ? `${r.netns} ${r.chain}#${r.number}` : r.of));
  return found === null ? null : `${found.at}: ${reads?.join(" ")}`;
}

describe("neighbour discovery", () => {
  test("gets through where no rule minds it", () => {
    expect(lost({})).toBeNull();
    expect(lost({ pod: [filter6("INPUT", [[[to(ROUTER)], { do: "DROP" }]])] })).toBeNull();
  });

  test("is stopped by a rule where it is heard", () => {
    expect(lost({ pod: [filter6("INPUT", [[[icmpv6], { do: "DROP" }]])] })).toBe(
      "n/pod:default/web: n/pod:default/web INPUT#1",
    );
  });

  test("is stopped by a rule where it is asked, and by one that the answer meets", () => {
    expect(lost({ router: [filter6("OUTPUT", [[[icmpv6], { do: "DROP" }]])] })).toBe("n/host: n/host OUTPUT#1");
    expect(lost({ router: [filter6("INPUT", [[[icmpv6], { do: "DROP" }]])] })).toBe("n/host: n/host INPUT#1");
  });

  test("is nobody's connection: a policy stops it that lets all answers pass", () => {
    const answers = filter6("INPUT", [[[inState("ESTABLISHED", "NEW", "INVALID")], { do: "ACCEPT" }]], "DROP");
    expect(lost({ pod: [answers] })).toBe("n/pod:default/web: n/pod:default/web INPUT#0");
    expect(lost({ pod: [filter6("INPUT", [[[inState("INVALID")], { do: "DROP" }]])] })).toBeNull();
  });

  test("asks from the link's own link-local address, and not at all without one", () => {
    expect(lost({ routerHas: [ROUTER] })).toBe("n/host: link");
    const deaf = filter6("INPUT", [
      [[{ match: "source", negate: false, prefixes: [prefix("fe80::1/128")] }], { do: "DROP" }],
    ]);
    expect(lost({ pod: [deaf] })).toBe("n/pod:default/web: n/pod:default/web INPUT#1");
  });

  test("is answered to the address that a permanent entry names", () => {
    const entry = (mac: string, state: string) =>
      ({ ip: ip("fe80::1"), dev: "eth0", mac, state, proxy: false, because }) as Neighbour;
    expect(lost({ known: [entry("02:00:00:00:00:99", "PERMANENT")] })).toBe("n/pod:default/web: neighbour");
    expect(lost({ known: [entry("02:00:00:00:00:99", "STALE")] })).toBeNull();
    expect(lost({ known: [entry("02:00:00:00:00:01", "PERMANENT")] })).toBeNull();
  });
});

test("an address without a local route (tentative, or found to be double) is not answered for", () => {
  const link = linkWith("02:00:00:00:00:03", POD);
  const answer = (netns: Netns) => answersFor({ netns, link, target: ip(POD), sender: null, alone: true }, () => {}).is;
  expect(answer(side("n/host"))).toBe("yes");
  expect(answer(netnsWith([], { routes: known([]) }))).toBe("no");
});
