import { describe, expect, it } from "vitest";
import { traverseBridge, traverseEgress, traverseIngress } from "./layer2-hooks.ts";
import { chainOf, drop, netnsWith, packetOf, rulesetOf, to } from "./test-ground.ts";

const packet = packetOf("tcp", "10.0.0.1", "10.0.1.2");
const chain = (hook: "ingress" | "egress", device: string | null) =>
  chainOf(
    "guard",
    [
      [
        [
          ...(device === null
            ? []
            : [{ match: hook === "ingress" ? "in" : "out", name: device, negate: false } as const]),
          to("10.0.1.0/24"),
        ],
        drop,
      ],
    ],
    { hook, priority: 0, type: "filter" },
  );

describe("hooks below IP", () => {
  it("apply to their own devices", () => {
    const netns = netnsWith([rulesetOf("nft", "t", [chain("ingress", "eth0")], "netdev")]);
    expect(traverseIngress(netns, "eth0", packet, () => {})[0]?.verdict.do).toBe("drop");
    expect(traverseIngress(netns, "eth1", packet, () => {})[0]?.verdict.do).toBe("accept");
    expect(traverseEgress(netns, "eth0", packet, () => {})[0]?.verdict.do).toBe("accept");
  });

  it("are unknown where their devices are, if they would make a difference", () => {
    const netns = netnsWith([rulesetOf("nft", "t", [chain("egress", null)], "netdev")]);
    expect(traverseEgress(netns, "eth0", packet, () => {})[0]?.verdict.do).toBe("unknown");
    const other = packetOf("tcp", "10.0.0.1", "10.0.2.2");
    expect(traverseEgress(netns, "eth0", other, () => {})[0]?.verdict.do).toBe("accept");
    expect(traverseIngress(netns, "eth0", packet, () => {})[0]?.verdict.do).toBe("accept");
  });

  it("bridge chains see bridged frames alone", () => {
    const guard = chainOf("FORWARD", [[[{ match: "out", negate: false, name: "veth1" }], drop]], {
      hook: "FORWARD",
      priority: 0,
      type: "filter",
    });
    const netns = netnsWith([rulesetOf("nft", "t", [guard], "bridge")]);
    const through = (oif: string) => traverseBridge(netns, "FORWARD", { iif: "veth0", oif }, packet, () => {})[0];
    expect(through("veth1")?.verdict.do).toBe("drop");
    expect(through("veth2")?.verdict.do).toBe("accept");
  });
});
