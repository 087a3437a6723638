import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { NotChecked } from "../../facts/world.ts";
import type { Limits, Reader } from "../../read/transport/reader.ts";
import { type DropEvent, hasReasonField, isBenign, parseDropLine } from "./kfree-skb.ts";
import { TRACE_SCRIPT } from "./trace-script.ts";

export interface DropReport {
  readonly node: NodeName;
  /** By reason and symbol, most frequent first, without what healthy traffic raises too. Attributed to the machine only. */
  readonly events: readonly DropEvent[];
  /** Events that the kernel's buffer could not hold; null when it did not tell. */
  readonly overrun: number | null;
  readonly notChecked: readonly NotChecked[];
}

export interface DropWatch {
  stop(): Promise<DropReport>;
}

const START_TIMEOUT_MS = 3000;
const MAX_KINDS = 512;
const MAX_LINE = 4096;
/** The pipe wakes its reader within a jiffy or two. */
const SETTLE_MS = 50;

/**
 * Watches why a machine's kernel frees packets, until stopped. Nodes that are namespaces of one machine share that kernel: watch
 * once a machine. Never mounts tracefs and never rejects for the node's sake: what could not be had is in `notChecked`.
 */
export async function watchDrops(reader: Reader, node: NodeName, limits: Limits): Promise<DropWatch> {
  const stream = reader.tap(node, { name: "kfree-skb", argv: ["sh", "-c", TRACE_SCRIPT], netns: null }, limits);
  const kinds = new Map<string, { -readonly [K in keyof DropEvent]: DropEvent[K] }>();
  const said: string[] = [];
  let format = "";
  let onStarted: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    onStarted = resolve;
  });
  const drained = Promise.allSettled([
    readLines(stream.stdout, (line) => count(kinds, line)),
    (async () => {
      let inFormat = false;
      try {
        for await (const line of stream.stderr) {
          if (line === "end") inFormat = false;
          else if (line === "format") inFormat = true;
          else if (inFormat && format.length < 65_536) format += `${line}\n`;
          else if (said.length < 64) said.push(line);
          if (line === "tracing") onStarted();
        }
      } finally {
        onStarted();
      }
    })(),
  ]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, START_TIMEOUT_MS);
  });
  await Promise.race([started, late]).finally(() => clearTimeout(timer));
  const stop = async (): Promise<DropReport> => {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await stream.stop();
    await drained;
    const overrun = said.map((line) => /^overrun (\d{1,12})$/.exec(line)?.[1]).find((n) => n !== undefined);
    const why = whyNot(said, format, overrun === undefined ? null : Number(overrun));
    return {
      node,
      events: [...kinds.values()].filter((e) => !isBenign(e)).sort((a, b) => b.count - a.count),
      overrun: overrun === undefined ? null : Number(overrun),
      notChecked: why === null ? [] : [{ what: phrase("drop-reasons-on", { node }), why }],
    };
  };
  let stopped: Promise<DropReport> | null = null;
  return {
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function whyNot(said: readonly string[], format: string, overrun: number | null): Phrase | null {
  if (said.includes("no tracefs")) return phrase("tracefs-not-mounted");
  if (said.includes("no permission")) return phrase("tracefs-forbidden");
  if (said.includes("cannot trace")) return phrase("trace-refused");
  if (!said.includes("tracing")) return said.findLast((line) => line.trim() !== "") ?? phrase("trace-not-started");
  if (!hasReasonField(format)) return phrase("no-drop-reasons");
  if (overrun === null) return phrase("trace-ended-early");
  return overrun > 0 ? phrase("trace-overrun", { count: overrun }) : null;
}

function count(kinds: Map<string, { -readonly [K in keyof DropEvent]: DropEvent[K] }>, line: string): void {
  const raw = parseDropLine(line);
  if (raw === null) return;
  const key = `${raw.reason} ${raw.symbol} ${raw.protocol}`;
  const known = kinds.get(key);
  if (known !== undefined) known.count++;
  else if (kinds.size < MAX_KINDS) kinds.set(key, { ...raw, count: 1 });
}

async function readLines(chunks: AsyncIterable<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split("\n");
    pending = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) onLine(line);
  }
}
