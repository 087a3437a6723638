import { expect, test } from "vitest";
import type { Pod } from "../../facts/cluster.ts";
import { ip } from "../../facts/ip.ts";
import { phrase } from "../../facts/phrase.ts";
import { NO_OUTPUT } from "../bundle/replay.ts";
import type { Command, Output, Reader } from "../transport/reader.ts";
import { deadStream } from "../transport/runner-stream.ts";
import { collectNode } from "./collect-node.ts";
import { NOT_READ } from "./readings.ts";

const LIMITS = { timeoutMs: 1000, maxBytes: 1 << 20 };

/** A recording that holds these outputs, by `NETNS NAME`, and nothing else. */
function recorded(texts: Readonly<Record<string, string>>): Reader {
  const replay = (node: string, command: Command): Output => {
    const text = texts[`${command.netns ?? ""} ${command.name}`.trim()];
    const output = { ...NO_OUTPUT, node, command, at: "2026-01-01T00:00:00.000Z" };
    return text === undefined
      ? { ...output, failure: NOT_READ }
      : { ...output, status: 0, failure: null, stdout: Buffer.from(text) };
  };
  return {
    via: "a test",
    nodes: ["k1"],
    offline: true,
    run: async (node, round) => round.map((command) => replay(node, command)),
    tap: () => deadStream("no taps"),
    close: async () => {},
  };
}

const POD: Pod = {
  namespace: "default",
  name: "web",
  node: "k1",
  phase: "Running",
  ready: true,
  hostNetwork: false,
  ips: [ip("10.42.0.2")],
  labels: {},
  containers: [],
};

test("a pod whose namespace was found and not read is unknown, and it is said", async () => {
  const reader = recorded({
    survey: "tool ip\nself 1\naddress 42 /proc/7/ns/net 10.42.0.2\n",
    "ip-addr": "1: lo: <LOOPBACK,UP> mtu 65536\n",
  });
  const { netns, gaps } = await collectNode(reader, "k1", [POD], LIMITS);
  expect(netns.map(({ name, links }) => [name, links.known])).toEqual([
    ["host", true],
    ["pod:default/web", false],
  ]);
  expect(gaps).toContainEqual(expect.objectContaining({ subject: phrase("netns"), why: NOT_READ }));
});
