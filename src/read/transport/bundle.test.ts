import { failureSaid, said } from "../../../test/said.ts";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isBundle, openBundle } from "./bundle.ts";

const LIMITS = { timeoutMs: 1000, maxBytes: 1 << 20 };
const root = mkdtempSync(join(tmpdir(), "lasthop-bundle-"));
const bundle = join(root, "bundle");
const command = (name: string, netns: string | null = null, argv: string[] = []) => ({ name, argv, netns });

beforeAll(() => {
  mkdirSync(join(bundle, "k1/pods/web"), { recursive: true });
  mkdirSync(join(bundle, "api"));
  mkdirSync(join(bundle, "capture"));
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(bundle, "k1/ip-link.txt"), "0123456789");
  writeFileSync(join(bundle, "k1/nft-ruleset.json"), "{}");
  writeFileSync(
    join(bundle, "k1/pods/web/ip-addr.txt"),
    "2: eth0: <UP> mtu 1500\n    inet 10.42.0.3/24 scope global eth0\n    inet6 fd00::3/64 scope global\n",
  );
  writeFileSync(join(bundle, "api/pods.json"), '{"items": []}');
  writeFileSync(join(bundle, "api/nodes.json"), "not json");
  writeFileSync(join(bundle, "capture/k1.pcap"), "");
  symlinkSync(join(root, "secret.txt"), join(bundle, "k1/ip-neigh.txt"));
  symlinkSync("ip-link.txt", join(bundle, "k1/ss.txt"));
});
afterAll(() => rmSync(root, { recursive: true }));

test("replays outputs by name, in text and JSON, of nodes and of pods", async () => {
  const reader = await openBundle(bundle);
  expect(reader.nodes).toEqual(["k1"]);
  const outputs = await reader.run(
    "k1",
    [
      command("ip-link"),
      command("nft-ruleset", null, ["nft", "-j"]),
      command("pods/default_web/ip-addr", "pods/web"),
      command("ip-rule"),
    ],
    LIMITS,
  );
  expect(outputs.map(({ status, failure }) => [status, said(failure)])).toEqual([
    [0, null],
    [0, null],
    [0, null],
    [null, "not in the bundle"],
  ]);
  const [cut] = await reader.run("k1", [command("ip-link")], { ...LIMITS, maxBytes: 4 });
  expect([Buffer.from(cut?.stdout ?? "").toString(), cut?.truncated]).toEqual(["0123", true]);
});

test("tells which folder holds which pod's addresses", async () => {
  const [survey] = await (await openBundle(bundle)).run("k1", [command("survey")], LIMITS);
  expect(Buffer.from(survey?.stdout ?? "").toString()).toBe(
    "address pods/web pods/web 10.42.0.3\naddress pods/web pods/web fd00::3\n",
  );
});

test("nothing outside of the bundle can be read", async () => {
  const reader = await openBundle(bundle);
  const round = [
    command("ip-neigh"),
    command("ss"),
    command("x", "../.."),
    command("secret", "pods/../../.."),
    command(".."),
  ];
  const outputs = await reader.run("k1", round, LIMITS);
  const outside = await reader.run("../bundle/k1", [command("ip-link")], LIMITS);
  for (const { failure, stdout } of [...outputs, ...outside]) {
    expect(said(failure)).toMatch(/leads out|not a file|symbolic|ELOOP|not in the bundle/);
    expect(stdout.length).toBe(0);
  }
});

test("is dated by its first packet, whatever a copy does to the files", async () => {
  const dated = join(root, "dated");
  mkdirSync(join(dated, "k1"), { recursive: true });
  mkdirSync(join(dated, "capture"));
  writeFileSync(join(dated, "k1/ip-link.txt"), "0123456789");
  const header = Buffer.alloc(40);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(Date.parse("2026-11-22T11:56:39Z") / 1000, 24);
  header.writeUInt32LE(610_000, 28);
  writeFileSync(join(dated, "capture/k1.pcap"), header);
  const reader = await openBundle(dated);
  expect(reader.recordedAt).toBe("2026-11-22T11:56:39.610Z");
  const [output] = await reader.run("k1", [command("ip-link")], LIMITS);
  expect(output?.at).toBe(reader.recordedAt);
});

test("captures and objects are there; what is broken is told by name", async () => {
  const reader = await openBundle(bundle);
  const captureOf = (node: string) => ({ node, netns: null, path: `capture/${node}.pcap`, only: null, why: null });
  expect(await reader.captures()).toEqual([captureOf("k1")]);
  expect(isBundle(reader)).toBe(true);
  writeFileSync(join(bundle, "capture/k2.pcap"), "0123456789");
  symlinkSync(join(root, "secret.txt"), join(bundle, "capture/k3.pcap"));
  expect(await reader.capture(captureOf("k2"), 4)).toMatchObject({ bytes: Buffer.from("0123"), truncated: true });
  expect(await reader.capture(captureOf("k4"), 4)).toBe(null);
  expect(await failureSaid(reader.capture(captureOf("k3"), 4))).toMatch(/leads out/);
  expect(await failureSaid(reader.capture(captureOf("../k1/ip-link"), 4))).toMatch(/not a file/);
  expect(await reader.apiObjects("pods")).toEqual({ items: [] });
  expect(await reader.apiObjects("services")).toBe(null);
  expect(await failureSaid(reader.apiObjects("nodes"))).toMatch(/api\/nodes\.json/);
  expect(await failureSaid(reader.apiObjects("../../secret"))).toMatch(/not a file/);
  await expect(openBundle(join(bundle, "api"))).rejects.toThrow(/not-a-bundle/);
  await expect(openBundle("/no/such/bundle")).rejects.toThrow(/ENOENT/);
});
