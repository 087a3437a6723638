import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Command, Output, Reader } from "../transport/reader.ts";
import { deadStream } from "../transport/runner-stream.ts";
import { BundleWriter } from "./bundle-writer.ts";
import { openBundles } from "./open-bundles.ts";
import { recording } from "./record.ts";

const root = mkdtempSync(join(tmpdir(), "lasthop-writer-"));
const AT = "2026-01-01T00:00:00.000Z";
const HEAD = { lasthop: "0.1.0", by: "snapshot", at: AT } as const;
const LIMITS = { timeoutMs: 1000, maxBytes: 1 << 20 };

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A node whose commands print these texts; any other is not found. */
function nodePrinting(texts: Readonly<Record<string, string>>): Reader {
  const print = (node: string, command: Command): Output => {
    const text = texts[`${command.netns ?? ""} ${command.name}`];
    const isThere = text !== undefined;
    return {
      node,
      command,
      status: isThere ? 0 : 127,
      stdout: Buffer.from(text ?? ""),
      stderr: isThere ? "" : `first\nsh: ${command.argv[0]}: not found\n`,
      truncated: false,
      failure: isThere ? null : `${command.argv[0]}: command not found`,
      at: AT,
      durationMs: 1,
    };
  };
  return {
    via: "a test",
    nodes: ["k1", "k2"],
    offline: false,
    run: async (node, round) => round.map((command) => print(node, command)),
    tap: () => deadStream("no taps"),
    close: async () => {},
  };
}

const command = (name: string, netns: string | null = null): Command => ({ name, netns, argv: [name, "show"] });

test("what was recorded is replayed as it was: outputs, failures, and what nobody asked", async () => {
  const file = join(root, "whole.tgz");
  const writer = new BundleWriter(file, HEAD, String);
  const reader = recording(
    nodePrinting({
      " ip-addr": "of the node",
      "/proc/7/ns/net pods/default_web/ip-addr": "of the pod",
      " sysctl-net": "net.ipv4.ip_forward = 1\nnet.ipv4.tcp_fastopen_key = 01234567-89abcdef\n",
    }),
    writer,
  );
  const round = [
    command("ip-addr"),
    command("pods/default_web/ip-addr", "/proc/7/ns/net"),
    command("ipset-save"),
    command("sysctl-net"),
  ];
  const live = await reader.run("k1", round, LIMITS);
  await writer.finish();
  const bundle = await openBundles([file]);
  const replayed = await bundle.run("k1", [...round, command("conntrack")], LIMITS);
  const facts = ({ node, command, status, failure, truncated, at }: Output) => ({
    node,
    command,
    status,
    failure,
    truncated,
    at,
  });
  expect(replayed.slice(0, 4).map(facts)).toEqual(live.map(facts));
  expect(replayed.map(({ stdout }) => Buffer.from(stdout).toString())).toEqual([
    "of the node",
    "of the pod",
    "",
    "net.ipv4.ip_forward = 1\n",
    "",
  ]);
  expect(replayed[2]?.stderr).toBe("sh: ipset-save: not found");
  expect(replayed[4]?.failure).toMatchObject({ code: "not-read" });
  expect(bundle.recordedAt).toBe(AT);
  await bundle.close();
});

test("bundles of two nodes are joined; two of one node are refused", async () => {
  const files = ["k1", "k2"].map((node) => join(root, `${node}.tgz`));
  for (const [i, node] of ["k1", "k2"].entries()) {
    const writer = new BundleWriter(files[i] as string, HEAD, String);
    await recording(nodePrinting({ " ip-addr": `of ${node}` }), writer).run(node, [command("ip-addr")], LIMITS);
    await writer.finish();
  }
  const bundle = await openBundles(files);
  expect(bundle.nodes).toEqual(["k1", "k2"]);
  const [output] = await bundle.run("k2", [command("ip-addr")], LIMITS);
  expect(Buffer.from(output?.stdout ?? "").toString()).toBe("of k2");
  await bundle.close();
  await expect(openBundles([files[0] as string, files[0] as string])).rejects.toMatchObject({ code: "duplicate-node" });
});

test("one that is given up, or cannot be written, leaves no file", async () => {
  const writer = new BundleWriter(join(root, "given-up.tgz"), HEAD, String);
  await recording(nodePrinting({}), writer).run("k1", [command("ip-addr")], LIMITS);
  await writer.abandon();
  expect(() => new BundleWriter(join(root, "absent", "x.tgz"), HEAD, String)).toThrow(/unwritable/);
  expect(readdirSync(root).filter((name) => name.includes("part") || name.includes("given-up"))).toEqual([]);
});

test("a file that is added again stays as it was, and the bundle can be read", async () => {
  const file = join(root, "twice.tgz");
  const writer = new BundleWriter(file, HEAD, String);
  await recording(nodePrinting({ " ip-addr": "of the node" }), writer).run("k1", [command("ip-addr")], LIMITS);
  const entry = { path: "api/pods.json", node: null, netns: null, argv: ["GET", "/api/v1/pods"], at: AT };
  for (const text of ['{"items":[1]}', '{"items":[2]}']) {
    await writer.add({ ...entry, status: 200, failure: null, stderr: "", truncated: false }, Buffer.from(text));
  }
  await writer.finish();
  const bundle = await openBundles([file]);
  const pods = await bundle.apiObjects("pods");
  await bundle.close();
  expect(pods).toEqual({ items: [1] });
});
