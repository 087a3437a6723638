import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ip } from "../../../facts/ip.ts";
import type { Netns } from "../../../facts/netns.ts";
import { known, type Source } from "../../../facts/provenance.ts";
import type { Backend, Hook, Ruleset } from "../../../facts/ruleset.ts";
import { parseIpsetSave } from "../../../read/parse/ipset-save.ts";
import { parseIptablesSave } from "../../../read/parse/iptables-save.ts";
import { parseNftRuleset } from "../../../read/parse/nft-ruleset.ts";
import { outerIp, type Packet } from "../packet.ts";
import { matchConnection } from "./connection.ts";
import type { Connection, HookOutcome } from "./contract.ts";
import { traverseIngress } from "./layer2-hooks.ts";
import { viewPacket } from "./packet-view.ts";
import { contextFor, netnsWith, packetOf } from "./test-ground.ts";
import { type Random, randomRules, SETS, seededRandom } from "./test-random-rules.ts";
import { traverseHook } from "./traverse-hook.ts";

/**
 * A client (A) and a server (B) with a router (R) between them; random rules on R; real packets from A, and from R
 * itself. What arrives at B, and what of B's answers arrives at A, is what the engine must have said.
 */
const A = "lhnf-a";
const R = "lhnf-r";
const B = "lhnf-b";
const ROUNDS = 40;
const SEED = 20240607;
const SERVERS = ["10.78.0.2", "10.78.0.3", "10.78.0.4"];
const PORTS = [5000, 5001, 5002];
const OWN = ["10.77.0.1", "10.78.0.1"];

const isRoot = process.getuid?.() === 0;
const children: ChildProcessWithoutNullStreams[] = [];

function sh(argv: readonly string[], input?: string): string {
  const [file = "", ...rest] = argv;
  return execFileSync(file, rest, { encoding: "utf8", input: input ?? "", stdio: ["pipe", "pipe", "pipe"] });
}

function start(netns: string, argv: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn("ip", ["netns", "exec", netns, ...argv]);
  children.push(child);
  return child;
}

/** Lines of a child's output, from its start on. */
function linesFrom(child: ChildProcessWithoutNullStreams, stream: "stdout" | "stderr" = "stdout"): string[] {
  const lines: string[] = [];
  let rest = "";
  child[stream].setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return lines;
}

async function until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}

/** Sends what it is told on stdin: `udp SRC SPORT DST DPORT`. A refusal by the kernel is an answer too. */
const SENDER = `
const dgram = require("node:dgram"), net = require("node:net");
const rl = require("node:readline").createInterface({ input: process.stdin });
rl.on("line", (line) => {
  const [protocol, src, sport, dst, dport] = line.split(" ");
  if (protocol === "udp") {
    const socket = dgram.createSocket("udp4");
    socket.on("error", () => {});
    socket.bind(+sport, src, () => socket.send("x", +dport, dst, () => console.log("sent")));
    setTimeout(() => socket.close(), 2500);
  } else {
    const socket = net.connect({ host: dst, port: +dport, localAddress: src, localPort: +sport });
    socket.on("error", () => {});
    setTimeout(() => console.log("sent"), 1);
    setTimeout(() => socket.destroy(), 400);
  }
});
`;

const ECHO = `
const dgram = require("node:dgram");
let open = 0;
for (const address of ${JSON.stringify(SERVERS)}) for (const port of ${JSON.stringify(PORTS)}) {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (text, from) => socket.send(text, from.port, from.address, () => {}));
  socket.on("error", () => {});
  socket.bind(port, address, () => { if (++open === ${SERVERS.length * PORTS.length}) console.log("ready"); });
}
`;

interface Trial {
  readonly from: "A" | "R";
  readonly packet: Packet;
  readonly line: string;
  readonly id: number;
}

function buildNetwork(): void {
  tearDown();
  for (const netns of [A, R, B]) {
    sh(["ip", "netns", "add", netns]);
    sh(["ip", "-n", netns, "link", "set", "lo", "up"]);
  }
  for (const [end, link, peer, address, mac] of [
    [A, "a0", "ra", "10.77.0", "02:00:00:00:77"],
    [B, "b0", "rb", "10.78.0", "02:00:00:00:78"],
  ] as const) {
    sh([
      "ip",
      "-n",
      end,
      "link",
      "add",
      link,
      "address",
      `${mac}:02`,
      "type",
      "veth",
      "peer",
      "name",
      peer,
      "netns",
      R,
    ]);
    sh(["ip", "-n", R, "link", "set", peer, "address", `${mac}:01`]);
    sh(["ip", "-n", end, "address", "add", `${address}.2/24`, "dev", link]);
    sh(["ip", "-n", R, "address", "add", `${address}.1/24`, "dev", peer]);
    sh(["ip", "-n", end, "link", "set", link, "up"]);
    sh(["ip", "-n", R, "link", "set", peer, "up"]);
    sh(["ip", "-n", end, "route", "add", "default", "via", `${address}.1`]);
    for (const last of [1, 77]) {
      sh([
        "ip",
        "-n",
        end,
        "neigh",
        "add",
        `${address}.${last}`,
        "lladdr",
        `${mac}:01`,
        "dev",
        link,
        "nud",
        "permanent",
      ]);
    }
    for (const last of [2, 3, 4]) {
      sh(["ip", "-n", R, "neigh", "add", `${address}.${last}`, "lladdr", `${mac}:02`, "dev", peer, "nud", "permanent"]);
    }
  }
  for (const address of SERVERS.slice(1)) sh(["ip", "-n", B, "address", "add", `${address}/32`, "dev", "b0"]);
  for (const key of ["ip_forward=1", "conf.all.rp_filter=0", "conf.ra.rp_filter=0", "conf.rb.rp_filter=0"]) {
    sh(["ip", "netns", "exec", R, "sysctl", "-qw", `net.ipv4.${key}`]);
  }
  sh(["ip", "netns", "exec", R, "sysctl", "-qw", "net.ipv4.conf.all.send_redirects=0"]);
  sh(["ip", "netns", "exec", R, "ipset", "restore"], SETS);
}

function tearDown(): void {
  for (const netns of [A, R, B]) {
    try {
      sh(["ip", "netns", "del", netns]);
    } catch {
      // It was not there.
    }
  }
}

interface Fares {
  delivered: number;
  lost: number;
  answered: number;
  translated: number;
}

function noFares(): Fares {
  return { delivered: 0, lost: 0, answered: 0, translated: 0 };
}

const SOURCE: Source = { node: "r", netns: "r/host", argv: [], at: "" };

const NFT_RULES = `
table netdev guard {
  chain in { type filter hook ingress device "ra" priority 0; policy accept; iifname "ra" ip daddr 10.78.0.4 udp dport 5002 drop; }
}
table inet t {
  set nets { type ipv4_addr; flags interval; elements = { 10.78.0.0/31, 10.78.0.3-10.78.0.9 } }
  map services { type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.78.0.2 . udp . 5000 : goto svc, 10.78.0.3 . tcp . 5001 : goto svc } }
  chain svc { meta mark set meta mark or 0x4000; meta l4proto { tcp, udp } dnat ip to 10.78.0.4:5001; }
  chain pre { type nat hook prerouting priority -110; policy accept;
    ip daddr . meta l4proto . th dport vmap @services
    udp dport 5002 dnat ip to ip daddr map { 10.78.0.2 : 10.78.0.3, 10.78.0.3 : 10.78.0.2 }
  }
  chain out { type nat hook output priority -100; policy accept; ip daddr . meta l4proto . th dport vmap @services; }
  chain post { type nat hook postrouting priority 100; policy accept;
    meta mark and 0x4000 == 0x4000 masquerade
    oifname "rb" ip daddr @nets udp dport { 5000, 5001 } snat ip to 10.78.0.77
  }
  chain deny { tcp dport 5000 reject with tcp reset; ct state established return; meta l4proto udp goto maybe; drop; }
  chain maybe { ct status dnat accept; udp dport 5000 ip daddr != @nets drop; ip saddr 10.78.0.0/24 return; }
  chain through { type filter hook forward priority 0; policy drop;
    meta mark and 0x4000 == 0x4000 counter accept
    iifname vmap { "ra" : jump deny, "rb" : accept }
    oifname "r*" ct state { new, established } ip daddr { 10.78.0.2, 10.78.0.3, 10.78.0.4 } udp dport 5000-5001 accept
  }
  chain sent { type filter hook output priority 10; policy accept; ip daddr 10.78.0.2 tcp dport != 5000 drop; }
}
`;

/** What R's tools say, as facts. */
function readRules(): readonly Ruleset[] {
  return (["iptables-nft", "iptables-legacy"] as const).map((backend: Backend) => {
    const text = sh(["ip", "netns", "exec", R, `${backend}-save`]);
    const { value, problems } = parseIptablesSave(text, SOURCE, backend, "ip");
    expect(problems).toEqual([]);
    return { backend, tables: value };
  });
}

type Arrival = { readonly at: "A" | "B" | "nowhere" | "unknown"; readonly packet: Packet; readonly why: string };

/** R's part of a walk: its hooks, its routes (10.77/24 to A, 10.78/24 to B) and nothing else. */
function carry(
  netns: Netns,
  packet: Packet,
  from: "A" | "B" | "R",
  found: Connection | null,
): Arrival & { readonly connection: Connection | null } {
  let outcome: HookOutcome = { weight: 1, verdict: { do: "accept" }, packet, connection: found, acted: [] };
  const through = (hook: Hook, iif: string | null, oif: string | null): boolean => {
    const outcomes = traverseHook(
      contextFor(netns, hook, outcome.packet, {
        iif,
        oif,
        connection: outcome.connection,
        addressType: (address) => (OWN.includes(address.text) || address.text.startsWith("127.") ? "LOCAL" : "UNICAST"),
        masqueradeSource: (link) => ip(link === "ra" ? "10.77.0.1" : "10.78.0.1"),
      }),
    );
    outcome = onlyWay(outcomes);
    return outcome.verdict.do === "accept";
  };
  const end = (at: Arrival["at"]) => ({
    at,
    packet: outcome.packet,
    connection: outcome.connection,
    why: `${JSON.stringify(outcome.verdict)} ${outcome.acted.map((p) => `${p.table}/${p.chain}#${p.number}`).join(" ")}`,
  });
  const stopped = () => end(outcome.verdict.do === "unknown" ? "unknown" : "nowhere");
  const iif = from === "A" ? "ra" : from === "B" ? "rb" : null;
  const toward = () => (outerIp(outcome.packet).dst.text.startsWith("10.77.") ? "ra" : "rb");
  if (iif === null) {
    if (!through("OUTPUT", null, toward())) return stopped();
  } else {
    outcome = { ...outcome, verdict: onlyWay(traverseIngress(netns, iif, packet, () => {})).verdict };
    if (outcome.verdict.do !== "accept") return stopped();
    if (!through("PREROUTING", iif, null)) return stopped();
    if (OWN.includes(outerIp(outcome.packet).dst.text)) return end("nowhere");
    outcome = { ...outcome, packet: withTtl(outcome.packet, 63) };
    if (!through("FORWARD", iif, toward())) return stopped();
  }
  const oif = toward();
  if (!through("POSTROUTING", iif, oif)) return stopped();
  return end(oif === "ra" ? "A" : "B");
}

function onlyWay(outcomes: readonly HookOutcome[]): HookOutcome {
  expect(outcomes).toHaveLength(1);
  return outcomes[0] as HookOutcome;
}

function withTtl(packet: Packet, ttl: number): Packet {
  return { ...packet, headers: packet.headers.map((h) => (h.kind === "ip" ? { ...h, ttl } : h)) };
}

/** As tcpdump prints a packet's ends. */
function endsOf(packet: Packet): string {
  const { ip: header, sport, dport } = viewPacket(packet);
  return `${header.src.text}.${sport} > ${header.dst.text}.${dport}`;
}

function answerTo(packet: Packet): Packet {
  const { ip: header, sport, dport } = viewPacket(packet);
  return packetOf("udp", header.dst.text, header.src.text, { sport: dport ?? 0, dport: sport ?? 0 });
}

describe.skipIf(!isRoot)("against the kernel (needs root, for namespaces)", () => {
  let sender: Record<"A" | "R", { readonly child: ChildProcessWithoutNullStreams; readonly lines: string[] }>;
  let seen: Record<"A" | "B", string[]>;

  beforeAll(async () => {
    buildNetwork();
    const newSender = (netns: string) => {
      const child = start(netns, [process.execPath, "-e", SENDER]);
      return { child, lines: linesFrom(child) };
    };
    sender = { A: newSender(A), R: newSender(R) };
    const echo = linesFrom(start(B, [process.execPath, "-e", ECHO]));
    const tap = (netns: string, link: string) => {
      const argv = [
        "tcpdump",
        "-Z",
        "root",
        "--immediate-mode",
        "-l",
        "-n",
        "-p",
        "-Q",
        "in",
        "-i",
        link,
        "udp or tcp[13] == 2",
      ];
      const child = start(netns, argv);
      return { out: linesFrom(child), err: linesFrom(child, "stderr") };
    };
    const taps = { A: tap(A, "a0"), B: tap(B, "b0") };
    seen = { A: taps.A.out, B: taps.B.out };
    const ready = () =>
      echo.includes("ready") && [taps.A, taps.B].every((t) => t.err.some((line) => line.includes("listening on")));
    expect(await until(ready, 20_000)).toBe(true);
  });

  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
    tearDown();
  });

  let id = 20_000;

  /** Sends ten packets through the rules that R has now, and counts how they fared. */
  async function compare(netns: Netns, random: Random, count: Fares, told: string): Promise<void> {
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    const trials = Array.from({ length: 10 }, (_, i): Trial => {
      id += 1;
      const from = i % 3 === 2 ? "R" : "A";
      const protocol = random() < 0.7 ? "udp" : "tcp";
      const [src, dst, dport] = [from === "A" ? "10.77.0.2" : "10.78.0.1", pick(SERVERS), pick(PORTS)];
      const packet = packetOf(protocol, src, dst, { sport: id, dport });
      return { from, packet, id, line: `${protocol} ${src} ${id} ${dst} ${dport}` };
    });
    for (const { from, line } of trials) sender[from].child.stdin.write(`${line}\n`);
    const expected = trials.map((trial) => {
      const request = carry(netns, trial.packet, trial.from, null);
      expect(request.at, request.why).not.toBe("unknown");
      if (request.at !== "B" || !trial.line.startsWith("udp") || trial.from !== "A") return { request, reply: null };
      const answer = answerTo(request.packet);
      const found = request.connection === null ? null : matchConnection(request.connection, answer);
      const reply = carry(netns, answer, "B", found);
      expect(reply.at, reply.why).not.toBe("unknown");
      return { request, reply };
    });
    const has = (at: "A" | "B", ends: string) => seen[at].some((line) => line.includes(`IP ${ends}:`));
    const wanted = expected.flatMap(({ request, reply }) => [
      ...(request.at === "B" ? [["B", endsOf(request.packet)] as const] : []),
      ...(reply?.at === "A" ? [["A", endsOf(reply.packet)] as const] : []),
    ]);
    await until(() => wanted.every(([at, ends]) => has(at, ends)), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    for (const [i, trial] of trials.entries()) {
      const { request, reply } = expected[i] as (typeof expected)[number];
      const story = `${trial.from} ${trial.line}\n${request.why}\n${reply?.why ?? ""}\n${told}`;
      // The client's port tells a trial: the source port at B, the destination port of what comes back to A.
      const mine = { A: `.${trial.id}:`, B: `.${trial.id} >` };
      const endsSeen = (at: "A" | "B") => [...new Set(seen[at].filter((l) => l.includes(mine[at])).map(endsIn))];
      expect(endsSeen("B"), story).toEqual(request.at === "B" ? [endsOf(request.packet)] : []);
      if (reply !== null) expect(endsSeen("A"), story).toEqual(reply.at === "A" ? [endsOf(reply.packet)] : []);
      if (request.at === "B") count.delivered += 1;
      else count.lost += 1;
      if (reply?.at === "A") count.answered += 1;
      if (request.at === "B" && endsOf(request.packet) !== endsOf(trial.packet)) count.translated += 1;
    }
  }

  /** Rules that drop everything, or nothing, would agree by themselves. */
  function expectAllFares(count: Fares, atLeast: number): void {
    for (const part of Object.values(count)) expect(part, JSON.stringify(count)).toBeGreaterThan(atLeast);
  }

  it(`agrees on ${ROUNDS} random rulesets of iptables, both backends`, async () => {
    const random = seededRandom(SEED);
    const sets = known(parseIpsetSave(sh(["ip", "netns", "exec", R, "ipset", "save"]), SOURCE).value);
    const count = noFares();
    for (let round = 0; round < ROUNDS; round++) {
      const rules = randomRules(random);
      sh(["ip", "netns", "exec", R, "iptables-nft-restore"], rules.nft);
      sh(["ip", "netns", "exec", R, "iptables-legacy-restore"], rules.legacy);
      await compare(netnsWith(readRules(), { sets }), random, count, `round ${round}\n${rules.nft}${rules.legacy}`);
    }
    expectAllFares(count, ROUNDS / 2);
  });

  it("agrees on native nft: maps, sets, an ingress chain, NAT by map, beside iptables", async () => {
    const random = seededRandom(SEED);
    const empty = (tables: readonly string[]) => tables.map((t) => `*${t}\nCOMMIT\n`).join("");
    sh(["ip", "netns", "exec", R, "iptables-legacy-restore"], empty(["raw", "mangle", "nat", "filter"]));
    sh(["ip", "netns", "exec", R, "nft", "-f", "-"], `flush ruleset\n${NFT_RULES}`);
    const parsed = parseNftRuleset(sh(["ip", "netns", "exec", R, "nft", "-j", "list", "ruleset"]), SOURCE, new Set());
    expect(parsed.problems).toEqual([]);
    const netns = netnsWith([{ backend: "nft", tables: parsed.value.tables }], { sets: known(parsed.value.sets) });
    const count = noFares();
    for (let round = 0; round < 8; round++) await compare(netns, random, count, NFT_RULES);
    expectAllFares(count, 3);
  });
});

function endsIn(line: string): string {
  return /IP (\S+ > [\d.]+):/.exec(line)?.[1] ?? line;
}
