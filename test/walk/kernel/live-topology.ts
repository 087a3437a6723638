import { execFile, execFileSync, spawn } from "node:child_process";
import { promisify } from "node:util";
import type { World } from "../../../src/facts/world.ts";
import { collectWorld } from "../../../src/read/collect/collect-world.ts";
import { openNetnsReader } from "../../../src/read/transport/netns.ts";
import type { Topology } from "./topology.ts";

const run = promisify(execFile);
const PREFIX = "lhwk";

export interface Answer {
  readonly tcp: boolean;
  readonly udp: boolean;
  readonly icmp: boolean;
  /** The server had the datagram, whatever became of its answer. */
  readonly udpReceived: boolean;
}

/** A topology built of namespaces of this machine, with an echo server in the receiver. */
export class LiveTopology {
  readonly topology: Topology;
  readonly #names: ReadonlyMap<string, string>;
  #server: { stop(): Promise<void>; received(): boolean } | null = null;

  constructor(topology: Topology, id: string) {
    this.topology = topology;
    this.#names = new Map(topology.nodes.map((node) => [node, `${PREFIX}-${id}-${node}`]));
  }

  netns(node: string): string {
    const name = this.#names.get(node);
    if (name === undefined) throw new Error(`no node ${node}`);
    return name;
  }

  async up(): Promise<void> {
    const { topology } = this;
    const make = [
      ...topology.nodes.map((n) => `netns add ${this.netns(n)}`),
      ...topology.wires.map(
        ([a, la, b, lb]) => `link add ${la} netns ${this.netns(a)} type veth peer name ${lb} netns ${this.netns(b)}`,
      ),
    ];
    await sh(`ip -batch - <<'E'\n${make.join("\n")}\nE\n`);
    await Promise.all(topology.nodes.map((node) => sh(this.#scriptOf(node), this.netns(node))));
    // Last of all, for it takes carrier and routes away.
    await Promise.all(
      topology.nodes.map((node) => {
        const lines = topology.sh.get(node) ?? [];
        return lines.length === 0 ? null : sh(lines.join("\n"), this.netns(node));
      }),
    );
    this.#server = await startServer(this.netns(topology.to), topology.port);
  }

  #scriptOf(node: string): string {
    const sysctls = (this.topology.sysctls.get(node) ?? []).map(
      ([key, value]) =>
        `echo ${value} > /proc/sys/${key
          .split(".")
          .map((p) => p.replaceAll("/", "."))
          .join("/")}`,
    );
    return [
      // Duplicate address detection would hold addresses back for a second.
      this.topology.family === 4
        ? "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"
        : "for dad in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $dad; done",
      "ip -batch - <<'E'",
      ...(this.topology.ip.get(node) ?? []),
      "E",
      "for delay in /proc/sys/net/ipv4/neigh/*/proxy_delay; do echo 0 > $delay; done",
      ...sysctls,
    ].join("\n");
  }

  /** The facts, by the product's own collector; the wires are those that were plugged. */
  async world(): Promise<World> {
    const nodes = new Map(
      this.topology.nodes.map((n) => [n, { netns: this.netns(n), address: null, user: null, port: null }]),
    );
    const reader = openNetnsReader({ file: "test", nodes, here: null });
    try {
      const { world } = await collectWorld(reader, null, { limits: { timeoutMs: 20_000, maxBytes: 16 << 20 } });
      const wires = this.topology.wires.map(([a, la, b, lb]) => ({
        kind: "veth" as const,
        ends: [
          { netns: `${a}/host`, link: la },
          { netns: `${b}/host`, link: lb },
        ] as const,
      }));
      return { netns: world.netns, wires };
    } finally {
      await reader.close();
    }
  }

  async probe(): Promise<Answer> {
    const { address, port, from } = this.topology;
    const netns = this.netns(from);
    const [sent, icmp] = await Promise.all([
      enter(netns, [process.execPath, "-e", CLIENT, address, String(port)]),
      // An echo from another address than was asked is printed as such, and is no answer.
      enter(netns, ["ping", "-n", "-c", "1", "-W", "1", address]).then(
        (output) => !output.includes("DIFFERENT ADDRESS"),
        () => false,
      ),
    ]);
    const { tcp, udp } = JSON.parse(sent) as { tcp: boolean; udp: boolean };
    return { tcp, udp, icmp, udpReceived: this.#server?.received() ?? false };
  }

  /** Counters of IP by node and nstat's names. */
  async counters(): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
    const entries = await Promise.all(
      this.topology.nodes.map(async (node) => {
        const text = await enter(this.netns(node), ["cat", "/proc/net/snmp", "/proc/net/netstat", "/proc/net/snmp6"]);
        return [node, countersIn(text)] as const;
      }),
    );
    return new Map(entries);
  }

  async down(): Promise<void> {
    await this.#server?.stop();
    for (const name of this.#names.values()) {
      try {
        execFileSync("ip", ["netns", "del", name], { stdio: "pipe" });
      } catch {
        // It was never made, or is gone already.
      }
    }
  }
}

/** Pairs of lines (names, values), and lines of one name and its value (snmp6). */
function countersIn(text: string): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  let names: string[] = [];
  for (const line of text.trim().split("\n")) {
    const words = line.split(/:?\s+/);
    if (words.length === 2 && !line.includes(":")) counters.set(words[0] ?? "", Number(words[1]));
    else if (names[0] !== words[0]) names = words;
    else for (const [k, name] of names.entries()) if (k > 0) counters.set(`${names[0]}${name}`, Number(words[k]));
  }
  return counters;
}

async function enter(netns: string, argv: readonly string[]): Promise<string> {
  const { stdout } = await run("nsenter", [`--net=/run/netns/${netns}`, "--", ...argv], { timeout: 15_000 });
  return stdout;
}

function sh(script: string, netns?: string): Promise<void> {
  const argv = netns === undefined ? ["sh", "-e", "-s"] : ["ip", "netns", "exec", netns, "sh", "-e", "-s"];
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0] ?? "sh", argv.slice(1), { stdio: ["pipe", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += String(chunk);
    });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${stderr}\n${script}`))));
    child.stdin.end(script);
  });
}

async function startServer(netns: string, port: number) {
  const child = spawn("nsenter", [`--net=/run/netns/${netns}`, "--", process.execPath, "-e", SERVER, String(port)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      if (output.includes("ready")) resolve();
    });
    child.on("exit", () => reject(new Error(`the server in ${netns} ended`)));
  });
  await ready;
  return {
    received: () => output.includes("datagram"),
    stop: () =>
      new Promise<void>((resolve) => {
        child.removeAllListeners("exit");
        child.on("exit", () => resolve());
        child.stdin.end();
      }),
  };
}

/** Echoes TCP and UDP until its standard input closes; the UDP answer leaves from the address that was asked. */
const SERVER = `
const port = Number(process.argv[1]);
const tcp = require("node:net").createServer((s) => { s.on("error", () => {}); s.end("x"); }).listen(port, "::");
const sockets = [];
const bind = (address) => new Promise((done) => {
  const s = require("node:dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
  s.on("message", (m, from) => { process.stdout.write("datagram\\n"); s.send(m, from.port, from.address, () => {}); });
  s.on("error", () => done());
  s.bind(port, address, done);
  sockets.push(s);
});
const addresses = Object.values(require("node:os").networkInterfaces()).flat().filter((a) => !a.address.startsWith("fe80")).map((a) => a.address);
tcp.on("listening", async () => { for (const a of addresses) await bind(a); process.stdout.write("ready\\n"); });
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
`;

/** One TCP connection and one UDP datagram; lost is what has no answer after a second. */
const CLIENT = `
const [address, port] = process.argv.slice(1);
const wait = 1000;
const tcp = new Promise((done) => {
  const s = require("node:net").connect({ host: address, port: Number(port) });
  s.on("connect", () => { s.destroy(); done(true); });
  s.on("error", () => done(false));
  setTimeout(() => { s.destroy(); done(false); }, wait);
});
const udp = new Promise((done) => {
  const s = require("node:dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
  const end = (got) => { try { s.close(); } catch {} done(got); };
  s.on("error", () => end(false));
  setTimeout(() => end(false), wait);
  s.connect(Number(port), address, (error) => { if (error) return end(false); s.on("message", () => end(true)); s.send("x", (e) => { if (e) end(false); }); });
});
Promise.all([tcp, udp]).then(([t, u]) => { process.stdout.write(JSON.stringify({ tcp: t, udp: u })); process.exit(0); });
`;
