import { ip, prefix } from "../../../facts/ip.ts";
import type { Netns } from "../../../facts/netns.ts";
import { known, type Provenance, unknown } from "../../../facts/provenance.ts";
import type { Backend, Chain, Hook, IpSet, Match, Rule, Ruleset, Target } from "../../../facts/ruleset.ts";
import type { Header, Packet } from "../packet.ts";
import type { Read } from "../reads.ts";
import type { HookContext } from "./contract.ts";

/** Hand-made facts and packets for the tests of this folder. */
const because: Provenance = { source: { node: "n", netns: "n/host", argv: ["test"], at: "" }, line: 1 };

export function netnsWith(rulesets: readonly Ruleset[], parts: Partial<Netns> = {}): Netns {
  const missing = unknown("not part of this test");
  return {
    id: "n/host",
    node: "n",
    name: "host",
    path: null,
    given: [],
    links: missing,
    routes: missing,
    rules: known([]),
    neighbours: missing,
    fdb: missing,
    rulesets: known(rulesets),
    sets: known([]),
    sysctls: missing,
    sockets: known([]),
    virtualServers: known([]),
    conntrack: known([]),
    counters: missing,
    linkCounters: missing,
    ...parts,
  };
}

export function contextFor(netns: Netns, hook: Hook, packet: Packet, parts: Partial<HookContext> = {}): HookContext {
  return {
    netns,
    hook,
    packet,
    iif: hook === "OUTPUT" || hook === "POSTROUTING" ? null : "eth0",
    oif: hook === "PREROUTING" || hook === "INPUT" ? null : "eth1",
    physIn: null,
    physOut: null,
    connection: null,
    ask: () => {},
    addressType: () => "UNICAST",
    masqueradeSource: () => ip("192.0.2.1"),
    reversePathOk: () => true,
    ...parts,
  };
}

/** Collects what was asked. */
export function asked(): { readonly reads: Read[]; readonly ask: (read: Read) => void } {
  const reads: Read[] = [];
  return { reads, ask: (read) => reads.push(read) };
}

export function packetOf(
  protocol: "tcp" | "udp" | "icmp",
  src: string,
  dst: string,
  ports: { readonly sport?: number; readonly dport?: number; readonly flags?: "syn" | "syn-ack" } = {},
): Packet {
  const { sport = 40000, dport = 80, flags = "syn" } = ports;
  const number = protocol === "tcp" ? 6 : protocol === "udp" ? 17 : 1;
  const transport: Header =
    protocol === "tcp"
      ? { kind: "tcp", sport, dport, flags }
      : protocol === "udp"
        ? { kind: "udp", sport, dport }
        : { kind: "icmp", type: flags === "syn" ? 8 : 0, code: 0, id: sport };
  const header: Header = { kind: "ip", src: ip(src), dst: ip(dst), ttl: 64, protocol: number, df: true };
  return { headers: [header, transport], bytes: 60, mark: 0, ct: "NEW" };
}

export type RuleParts = readonly [matches: readonly Match[], ...targets: Target[]];

export function chainOf(
  name: string,
  rules: readonly RuleParts[],
  base: Partial<Pick<Chain, "hook" | "priority" | "type" | "policy">> = {},
): Chain {
  return {
    name,
    hook: null,
    priority: null,
    type: null,
    policy: null,
    ...base,
    rules: rules.map(
      ([matches, ...targets], i): Rule => ({
        number: i + 1,
        matches,
        targets,
        comment: null,
        packets: null,
        text: `-A ${name} #${i + 1}`,
        because,
      }),
    ),
    because,
  };
}

export function rulesetOf(backend: Backend, table: string, chains: readonly Chain[], family = "ip"): Ruleset {
  return { backend, tables: [{ name: table, family, chains }] };
}

/** A filter table with one base chain at a hook, and its user chains. */
export function filterAt(
  hook: Hook,
  rules: readonly RuleParts[],
  userChains: readonly Chain[] = [],
  policy: "ACCEPT" | "DROP" = "ACCEPT",
): Ruleset {
  const base = chainOf(hook, rules, { hook, priority: 0, type: "filter", policy });
  return rulesetOf("iptables-nft", "filter", [base, ...userChains]);
}

export function setOf(name: string, type: string, entries: readonly string[], family: 4 | 6 = 4): IpSet {
  return { name, type, family, entries, because };
}

export const to = (cidr: string, negate = false): Match => ({
  match: "destination",
  negate,
  prefixes: [prefix(cidr)],
});
export const from = (cidr: string, negate = false): Match => ({ match: "source", negate, prefixes: [prefix(cidr)] });
export const tcp: Match = { match: "protocol", negate: false, protocols: [6] };
export const dport = (port: number): Match => ({ match: "dport", negate: false, ranges: [[port, port]] });
export const inState = (...states: string[]): Match => ({ match: "ct-state", negate: false, states });
export const marked = (value: number, mask: number, negate = false): Match => ({ match: "mark", negate, value, mask });
export const strange: Match = { match: "unknown", negate: false, module: "bpf", text: "-m bpf --bytecode 1" };
export const chance = (probability: number): Match => ({
  match: "statistic",
  negate: false,
  mode: "random",
  probability,
});
export const accept: Target = { do: "ACCEPT" };
export const drop: Target = { do: "DROP" };
export const back: Target = { do: "RETURN" };
export const jump = (chain: string): Target => ({ do: "jump", chain });
export const goTo = (chain: string): Target => ({ do: "goto", chain });
export const mark = (value: number, mask = 0xffffffff): Target => ({ do: "MARK", value, mask });
export const dnat = (address: string, port: number | null = null): Target => ({
  do: "DNAT",
  range: { low: ip(address).value, high: ip(address).value, ports: port === null ? null : [port, port], random: false },
});
