import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { Command } from "../../read/transport/reader.ts";
import type { Tracer } from "../correlate/tracer.ts";
import { connectCommand, PORTS_PER_ATTEMPT, readConnect } from "./connect.ts";
import { datagramCommand, dnsQuery, readDatagrams, tagPayload } from "./datagram.ts";
import { isUsageError, PING_TAG_BYTES, pingCommand, readPing } from "./ping.ts";
import { type Answer, attemptId, type Probe, type ProbeResult } from "./probe.ts";
import type { Said } from "./side-by-side.ts";

/** Passed in, so that a test knows what is sent. @returns so many random bytes. */
export type Random = (bytes: number) => Uint8Array;

/** A probe as a command, and the reading of what it says. */
export interface Prepared {
  readonly node: NodeName;
  readonly command: Command;
  /** How long it may take, apart from starting. */
  readonly durationMs: number;
  /** Another way to send it, when the node's tool did not understand; null when there is none, or no need. */
  retry(said: Said): Prepared | null;
  read(said: Said): ProbeResult;
}

/** Below the ephemeral ports of Linux (32768) and of NodePorts (30000). */
const FIRST_PORT = 20_000;
const PORT_SPAN = 9_000;
const MAX_ATTEMPTS = 64;
/** Kubernetes' default: what is not in it the cluster's DNS says itself, where it would ask others, in vain or for long. */
const CLUSTER_ZONE = "cluster.local";

/** Attempts of one run never share a source port, whatever netns they leave from. */
export class PortAllocator {
  private next: number;

  constructor(random: Random) {
    this.next = random16(random) % PORT_SPAN;
  }

  take(attempts: number): number {
    const width = attempts * PORTS_PER_ATTEMPT;
    if (this.next + width > PORT_SPAN) this.next = 0;
    const first = FIRST_PORT + this.next;
    this.next += width;
    return first;
  }
}

function random16(random: Random): number {
  const [high = 0, low = 0] = random(2);
  return (high << 8) | low;
}

/** @throws RangeError for a probe that is none: 1 to 64 attempts. */
export function prepare(probe: Probe, random: Random, ports: PortAllocator): Prepared {
  if (!Number.isInteger(probe.attempts) || probe.attempts < 1 || probe.attempts > MAX_ATTEMPTS) {
    throw new RangeError(`a probe has 1 to ${MAX_ATTEMPTS} attempts, not ${probe.attempts}`);
  }
  if (probe.kind === "icmp") return preparePing(probe, random(PING_TAG_BYTES));
  if (probe.kind === "udp") return prepareDatagrams(probe, random);
  return prepareConnects(probe, ports.take(probe.attempts));
}

function preparePing(probe: Extract<Probe, { kind: "icmp" }>, tag: Uint8Array | null): Prepared {
  return {
    node: probe.from.node,
    command: pingCommand(probe, tag),
    durationMs: probe.deadlineMs + probe.attempts * 1000,
    retry: (said) => (tag !== null && said.status !== 0 && isUsageError(said.text) ? preparePing(probe, null) : null),
    read(said) {
      const failure = failureOf(said, "ping");
      return {
        probe,
        answers: failure === null ? readPing(probe, said.text) : failed(probe, failure),
        // BusyBox, whose echoes carry no tag of ours, counts from 0.
        tracers: tracersOf(probe, (n) => ({
          tag,
          icmp: { id: null, seq: tag === null && !said.text.includes("icmp_seq") ? n - 1 : n },
        })),
        tool: failure === null ? "ping" : null,
        notChecked:
          failure === null
            ? []
            : [{ what: phrase("sending-from", { kind: "ping", netns: probe.from.netns }), why: failure.detail }],
      };
    },
  };
}

function prepareConnects(probe: Extract<Probe, { kind: "tcp" | "http" }>, firstPort: number): Prepared {
  return {
    node: probe.from.node,
    command: connectCommand(probe, firstPort),
    durationMs: probe.deadlineMs,
    retry: () => null,
    read(said) {
      const { answers, tool } = readConnect(probe, said.text);
      return {
        ...orFailure(probe, said, answers, tool, "curl, bash or nc"),
        tracers: tracersOf(probe, (n) => {
          const low = firstPort + (n - 1) * PORTS_PER_ATTEMPT;
          return { sports: tool === "curl" ? ([low, low + PORTS_PER_ATTEMPT - 1] as const) : null };
        }),
      };
    },
  };
}

function prepareDatagrams(probe: Extract<Probe, { kind: "udp" }>, random: Random): Prepared {
  const isDns = probe.port === 53;
  const zone = probe.zone ?? CLUSTER_ZONE;
  const run = Buffer.from(random(8)).toString("hex");
  // Numbered inside, so that no tag holds another. dig gets its names from the script, numbered in the same way.
  const tags = Array.from({ length: probe.attempts }, (_, i) => `lasthop-${i + 1}-${run}`);
  const ids = tags.map(() => (isDns ? random16(random) : null));
  const payloads = tags.map((tag, i) => {
    const id = ids[i] ?? null;
    return id === null ? tagPayload(tag) : dnsQuery(tag, zone, id);
  });
  return {
    node: probe.from.node,
    command: datagramCommand(probe, payloads, isDns ? `${run}.${zone}` : null),
    durationMs: probe.deadlineMs,
    retry: () => null,
    read(said) {
      const { answers, tool } = readDatagrams(probe, payloads, said.text);
      return {
        ...orFailure(probe, said, answers, tool, isDns ? "bash, nc or dig" : "bash or nc"),
        tracers: tracersOf(probe, (n) => ({
          tag: Buffer.from(tags[n - 1] as string, "latin1"),
          // dig chooses its own.
          dnsId: tool === "dig" ? null : (ids[n - 1] ?? null),
        })),
      };
    },
  };
}

function tracersOf(probe: Probe, own: (n: number) => Partial<Tracer>): readonly Tracer[] {
  return Array.from({ length: probe.attempts }, (_, i) => ({
    id: attemptId(probe, i + 1),
    netns: probe.from.netns,
    protocol: probe.kind === "http" ? "tcp" : probe.kind,
    dst: probe.dst,
    dport: probe.kind === "icmp" ? null : probe.port,
    alsoTo: probe.alsoTo,
    sports: null,
    isn: null,
    tag: null,
    dnsId: null,
    payloadKey: null,
    icmp: null,
    ...own(i + 1),
  }));
}

interface Failure {
  readonly outcome: "failed" | "no-tool";
  readonly detail: Phrase;
}

function failureOf(said: Said, tool: string): Failure | null {
  if (said.failure !== null) return { outcome: "failed", detail: said.failure };
  if (said.status === 127) return { outcome: "no-tool", detail: phrase("not-installed", { tool }) };
  if (/^nsenter: /m.test(said.text)) return { outcome: "failed", detail: said.text.slice(0, 200) };
  return null;
}

/** A script that printed no attempt did not run: its words say why. */
function orFailure(
  probe: Probe,
  said: Said,
  answers: readonly Answer[],
  tool: string | null,
  wanted: string,
): Pick<ProbeResult, "probe" | "answers" | "tool" | "notChecked"> {
  if (tool !== null) return { probe, answers, tool, notChecked: [] };
  const failure = failureOf(said, "sh");
  const why = failure?.detail ?? phrase("tool-missing", { tool: wanted });
  return {
    probe,
    answers: failure === null ? answers : failed(probe, failure),
    tool,
    notChecked: [{ what: phrase("sending-from", { kind: probe.kind, netns: probe.from.netns }), why }],
  };
}

function failed(probe: Probe, failure: Failure): readonly Answer[] {
  return Array.from({ length: probe.attempts }, (_, i) => ({
    n: i + 1,
    outcome: failure.outcome,
    httpStatus: null,
    ms: null,
    sport: null,
    detail: failure.detail,
  }));
}
