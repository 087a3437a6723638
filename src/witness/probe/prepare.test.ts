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

/** Tools as old as CentOS 7's and BusyBox' before 1.30, which take whole seconds, or none at all. */
const OLD = {
  sh: "",
  tr: "",
  od: "",
  dd: "",
  sleep: "",
  true: "",
  curl: `for word; do case $word in
    *.*.*|*:*) ;;
    [0-9]*.*) echo 'curl: option -m: expected a proper numerical parameter' >&2
      echo "curl: try 'curl --help' or 'curl --manual' for more information" >&2; exit 2 ;;
  esac; done
  echo '* Connected to 10.96.0.10' >&2; sleep 1`,
  wholeTimeout: "case $1 in *.*) echo 'timeout: invalid number' >&2; exit 1 ;; esac; shift; exec \"$@\"",
  otherTimeout: "echo 'Usage: timeout [-t SECS] PROG ARGS' >&2; exit 1",
  nc: "read -r all; echo nc",
} as const;

const CONNECTS = {
  kind: "tcp",
  id: "p1",
  from,
  src: null,
  dst: ip("10.96.0.10"),
  port: 80,
  attempts: 2,
  deadlineMs: 1300,
  alsoTo: [],
} as const;
const HTTP: Probe = { ...CONNECTS, kind: "http", method: "GET", scheme: "http", host: null, path: "/" };

function outcomesWith(probe: Probe, tools: Readonly<Record<string, string>>) {
  const { command, read } = prepare(probe, random, new PortAllocator(random));
  const { answers, tool } = read({ text: saidWith(tools, command.argv), failure: null, status: 0 });
  return [tool, ...answers.map(({ outcome }) => outcome)];
}

test("a curl that takes no fraction of a second is given whole ones", () => {
  const { sh, tr, sleep, curl } = OLD;
  expect(outcomesWith(CONNECTS, { sh, tr, sleep, curl })).toEqual(["curl", "answered", "answered"]);
  const page = `${curl}\necho "200 0.1 20000 5"`;
  expect(outcomesWith(HTTP, { sh, tr, sleep, curl: page })).toEqual(["curl", "answered", "answered"]);
});

test.each([
  "curl: option --noproxy: is unknown curl: try 'curl --help' or 'curl --manual' for more information",
  "curl: (45) bind failed with errno 98: Address already in use",
])("what curl did not send is no try: %s", (words) => {
  const { read } = prepare(CONNECTS, random, new PortAllocator(random));
  const line = (n: number) => `${n} curl 000 0 0 0 ${words}`;
  const none = read({ text: [1, 2].map(line).join("\n"), failure: null, status: 0 });
  expect([none.tool, ...none.answers.map((a) => a.outcome)]).toEqual([null, "no-tool", "no-tool"]);
  const some = read({ text: `1 curl 100 0 0 0 \n${line(2)}`, failure: null, status: 0 });
  expect([some.tool, ...some.answers.map((a) => a.outcome)]).toEqual(["curl", "answered", "no-tool"]);
});

test("a timeout that takes no fraction, or other words, loses no datagram", () => {
  const { wholeTimeout, otherTimeout, nc, curl: _, ...base } = OLD;
  // Instead of a socket: what bash would be given back.
  const bash = 'timeout "$7" true && echo hex:01 || echo hex:';
  expect(outcomesWith(datagrams(7000, 1), { ...base, bash, timeout: wholeTimeout, nc })).toEqual(["bash", "answered"]);
  expect(outcomesWith(datagrams(7000, 1), { ...base, bash, timeout: otherTimeout, nc })).toEqual(["nc", "answered"]);
  expect(outcomesWith(datagrams(7000, 1), { ...base, bash, timeout: otherTimeout })).toEqual([null, "no-tool"]);
});

test.each([
  ["0", "curl: (28) Operation timed out after 515 milliseconds with 0 out of 100 bytes received", "timeout"],
  ["0", "curl: (18) transfer closed with 100 bytes remaining to read", "reset"],
  ["0", "curl: (56) Recv failure: Connection reset by peer", "reset"],
  ["0", "curl: (92) HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)", "reset"],
  // A server that streams has as much time as it likes.
  ["0", "curl: (28) Operation timed out after 500 milliseconds with 0 bytes received", "answered"],
  ["3", "curl: (28) Operation timed out after 525 milliseconds with 3 out of 100 bytes received", "answered"],
  ["3", "curl: (56) Recv failure: Connection reset by peer", "answered"],
  ["0", "", "answered"],
])("headers are no page: after %s bytes, %s", (bytes, words, outcome) => {
  const { command, read } = prepare({ ...HTTP, attempts: 1 }, random, new PortAllocator(random));
  const curl = `echo "200 0.5 49786 ${bytes}"; echo '${words}' >&2`;
  const { answers } = read({ text: saidWith({ tr: "", curl }, command.argv), failure: null, status: 0 });
  expect(answers).toMatchObject([{ outcome, httpStatus: 200 }]);
});
