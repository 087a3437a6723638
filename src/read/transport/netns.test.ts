import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import { parseInventory } from "./inventory.ts";
import { openNetnsReader, openNetnsTransport } from "./netns.ts";

const NETNS = `lhrd-${process.pid}`;
const LIMITS = { timeoutMs: 5000, maxBytes: 1 << 20 };
const inventory = (netns: string) => parseInventory(`nodes: {k1: {netns: ${netns}}}`, "inventory.yaml");
const command = (...argv: string[]) => ({ name: "x", argv, netns: null });
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("utf8");

describe.skipIf(process.getuid?.() !== 0)("nodes in namespaces (needs root)", () => {
  beforeAll(() => {
    execFileSync("ip", ["netns", "add", NETNS]);
    execFileSync("ip", ["-n", NETNS, "link", "set", "lo", "up"]);
    mkdirSync(`/etc/netns/${NETNS}`, { recursive: true });
    writeFileSync(`/etc/netns/${NETNS}/hosts`, "192.0.2.7 only-in-here\n");
  });
  afterAll(() => {
    execFileSync("ip", ["netns", "del", NETNS]);
    rmSync(`/etc/netns/${NETNS}`, { recursive: true });
  });

  test("a command sees the namespace's links and its own /etc, and /sys as it was", async () => {
    const before = readFileSync("/etc/hosts", "utf8");
    const reader = openNetnsReader(inventory(NETNS));
    const outputs = await reader.run(
      "k1",
      [command("ip", "-br", "link"), command("cat", "/etc/hosts"), command("ls", "/sys/class/net")],
      LIMITS,
    );
    await reader.close();
    expect(text(outputs[0]?.stdout)).toMatch(/^lo\s/m);
    expect(text(outputs[0]?.stdout)).not.toMatch(/^eth/m);
    expect(text(outputs[1]?.stdout)).toBe("192.0.2.7 only-in-here\n");
    expect(text(outputs[2]?.stdout)).toBe(execFileSync("ls", ["/sys/class/net"], { encoding: "utf8" }));
    expect(readFileSync("/etc/hosts", "utf8")).toBe(before);
  });

  test("a reader cannot change anything, a transport can", async () => {
    expect("change" in openNetnsReader(inventory(NETNS))).toBe(false);
    const transport = openNetnsTransport(inventory(NETNS));
    const written = await transport.change("k1", command("tee", "/etc/hosts"), "192.0.2.8 changed\n");
    await transport.close();
    expect(written.status).toBe(0);
    expect(readFileSync(`/etc/netns/${NETNS}/hosts`, "utf8")).toBe("192.0.2.8 changed\n");
  });

  test("a namespace that is not there fails that node alone, and names those that are", async () => {
    const reader = openNetnsReader(parseInventory(`nodes: {k1: ${NETNS}, k2: lhrd-nowhere}`, "f"));
    const [good] = await reader.run("k1", [command("true")], LIMITS);
    const [bad] = await reader.run("k2", [command("true")], LIMITS);
    await reader.close();
    expect(good?.failure).toBe(null);
    expect(said(bad?.failure)).toContain("no network namespace lhrd-nowhere");
    expect(said(bad?.failure)).toContain(NETNS);
  });

  test("tcpdump says hello, captures what crosses the namespace, and prints its counts when stopped", async () => {
    const reader = openNetnsReader(inventory(NETNS));
    const argv = ["tcpdump", "-Z", "root", "--immediate-mode", "-p", "-i", "any", "-s", "256", "-U", "-w", "-", "icmp"];
    const stream = reader.tap("k1", { name: "tap", argv, netns: null }, { timeoutMs: 10_000, maxBytes: 1 << 20 });
    const said: string[] = [];
    const captured: Uint8Array[] = [];
    const bytes = (async () => {
      for await (const chunk of stream.stdout) captured.push(chunk);
    })();
    for await (const line of stream.stderr) {
      said.push(line);
      if (!line.includes("listening on")) continue;
      await reader.run("k1", [command("ping", "-c", "1", "-W", "1", "127.0.0.1")], LIMITS);
      void stream.stop();
    }
    await bytes;
    expect(await stream.done).toBe(0);
    expect(await stream.done).toBe(0);
    await reader.close();
    expect(said.join("\n")).toMatch(/\d+ packets captured/);
    expect(Buffer.concat(captured).length).toBeGreaterThan(24 + 2 * 84);
  });
});
