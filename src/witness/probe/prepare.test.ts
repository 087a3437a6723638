import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import { ip, parseIp } from "../../facts/ip.ts";
import { phrase } from "../../facts/phrase.ts";
import { prepare, PortAllocator } from "./prepare.ts";
import type { Probe } from "./probe.ts";

const random = (bytes: number): Uint8Array => new Uint8Array(bytes);
const from = { node: "k1", netns: "k1/host", path: null };

function detailsOf(outcome: { readonly failure: ReturnType<typeof phrase> | null; readonly status: number | null }) {
  const dst = parseIp("10.42.1.2");
  if (dst === null) throw new Error("no address");
  const probe: Probe = {
    kind: "icmp",
    id: "p1",
    from,
    src: null,
    dst,
    attempts: 2,
    deadlineMs: 800,
    alsoTo: [],
    bytes: null,
  };
  const { answers } = prepare(probe, random, new PortAllocator(random)).read({ text: "", ...outcome });
  return answers.map((answer) => said(answer.detail));
}

test("a probe that could not be sent says why in words", () => {
  expect(detailsOf({ failure: null, status: 127 })).toEqual(["ping is not installed", "ping is not installed"]);
  expect(detailsOf({ failure: phrase("node-silent", { ms: 500 }), status: null })).toEqual(
    Array(2).fill("the node gives no answer within 500 ms"),
  );
});

function datagrams(port: number, attempts: number): Extract<Probe, { kind: "udp" }> {
  const dst = ip("10.96.0.10");
  return { kind: "udp", id: "p1", from, src: null, dst, port, attempts, deadlineMs: 800, alsoTo: [], zone: null };
}

/** What a node says on which these tools are all there is; a tool is a script, or empty for the machine's own. */
function saidWith(tools: Readonly<Record<string, string>>, argv: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), "lhprepare-"));
  for (const [tool, script] of Object.entries(tools)) {
    if (script === "") symlinkSync(`/usr/bin/${tool}`, join(dir, tool));
    else writeFileSync(join(dir, tool), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const { stdout } = spawnSync("/bin/sh", argv.slice(1), { encoding: "utf8", env: { PATH: dir } });
  rmSync(dir, { recursive: true });
  return stdout;
}

test.each([53, 7000])("of twelve datagrams to port %d none holds the tag of another", (port) => {
  const { command, read } = prepare(datagrams(port, 12), random, new PortAllocator(random));
  const tags = read({ text: "", failure: null, status: 0 }).tracers.map(({ tag }) => Buffer.from(tag ?? []));
  const payloads = command.argv.slice(-12).map((escaped) => {
    return Buffer.from(
      escaped
        .split("\\")
        .slice(1)
        .map((byte) => Number.parseInt(byte, 8)),
    );
  });
  const holders = tags.map((tag) => payloads.flatMap((payload, i) => (payload.includes(tag) ? [i] : [])));
  expect(holders).toEqual(tags.map((_, i) => [i]));
});

test("what the cluster's DNS is asked for is in its own zone, and its id is kept", () => {
  const { command, read } = prepare(datagrams(53, 1), () => Uint8Array.from([1, 2]), new PortAllocator(random));
  const query = (command.argv.at(-1) ?? "").split("\\").map((byte) => Number.parseInt(byte, 8));
  expect(Buffer.from(query.slice(1)).toString("latin1")).toContain("\x07cluster\x05local\0");
  const idOf = (text: string) => read({ text, failure: null, status: 0 }).tracers[0]?.dnsId;
  expect([idOf("1 bash 0 hex:01"), idOf("1 dig 0 status: NXDOMAIN")]).toEqual([0x102, null]);
});

test("dig asks for names with the tags of the attempts", () => {
  const { command, read } = prepare(datagrams(53, 11), random, new PortAllocator(random));
  const dig = 'for name; do :; done\necho "status: NXDOMAIN for $name"';
  const { tracers, answers } = read({
    text: saidWith({ tr: "", dig }, command.argv),
    failure: null,
    status: 0,
  });
  expect(answers.map(({ outcome }) => outcome)).toEqual(Array(11).fill("answered"));
  for (const [i, { detail }] of answers.entries()) {
    expect(detail).toContain(` ${Buffer.from(tracers[i]?.tag ?? []).toString()}.`);
  }
});
