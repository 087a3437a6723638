import { setTimeout as sleep } from "node:timers/promises";
import { type Limits, type Reader, text } from "../../read/transport/reader.ts";
import { inOneOrder, parseLinkNames, parseLinksUp } from "../decode/capture.ts";
import { DEFAULT_TUNNEL_PORTS, type TunnelPorts } from "../decode/tunnels.ts";
import type { Frame, TapReport } from "../sighting.ts";
import { Listener, type ListenerOptions } from "./listener.ts";
import { KeptCapture } from "./kept-capture.ts";
import type { Place } from "./place.ts";
import { reportOn } from "./report.ts";

export interface TapOptions {
  /** pcap-filter(7) expression; empty hears everything. See `tapFilter`. */
  readonly filter: string;
  /** `timeoutMs` is the deadline after which the tap ends by itself on its node. */
  readonly limits: Limits;
  readonly tunnelPorts?: TunnelPorts;
  /** Directory for the raw capture, as Wireshark opens it; null: not kept. */
  readonly keepIn?: string | null;
  /** Where `any` cannot tell interfaces apart, the links worth a tap of their own; null: all of them. Of others the report says nothing. */
  readonly links?: readonly string[] | null;
  readonly startTimeoutMs?: number;
}

export interface Tap {
  readonly place: Place;
  /** Stops listening; what was heard, in the order in which it was there. May be called again. */
  stop(): Promise<TapResult>;
}

export interface TapResult {
  readonly frames: readonly Frame[];
  readonly report: TapReport;
  /** Files that were kept. */
  readonly kept: readonly string[];
  /** Files that were to be kept and could not be written, and why. */
  readonly lost: readonly { readonly path: string; readonly why: string }[];
}

const START_TIMEOUT_MS = 10_000;
const MAX_FRAMES = 500_000;
/** Taps by interface and direction that one old node may be asked to run. */
const MAX_LISTENERS = 64;
/** What has arrived is written within this time, so that stopping loses nothing; on a busy machine, as slow as it was to start. */
const SETTLE_MS = { least: 100, most: 2000 };

/**
 * Starts tcpdump in a netns and returns when it listens. It never rejects for the node's sake: a tap that did not start is a tap
 * whose report says so, and whose silence proves nothing.
 */
export async function startTap(reader: Reader, place: Place, options: TapOptions): Promise<Tap> {
  const shown = await showLinks(reader, place, options.limits);
  const names = parseLinkNames(shown);
  const startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
  const kept = options.keepIn == null ? null : new KeptCapture(options.keepIn, place);
  const base = (only: ListenerOptions["capture"]["only"]): Omit<ListenerOptions, "tcpdump"> => ({
    reader,
    place,
    capture: { netns: place.netns, linkNames: names, only, tunnelPorts: options.tunnelPorts ?? DEFAULT_TUNNEL_PORTS },
    limits: options.limits,
    maxFrames: MAX_FRAMES,
    keep: kept === null ? null : () => kept.writer(only),
  });
  const startedAt = performance.now();
  const first = await listen(base(null), { interface: "any", direction: null, filter: options.filter }, startTimeoutMs);
  let listeners = [first];
  let isPartial = false;
  if (first.linkType === "LINUX_SLL") {
    // No interface in that header (libpcap before 1.10): one tap for each interface and direction.
    await first.stop();
    kept?.discard();
    const links = parseLinksUp(shown).filter((name) => options.links?.includes(name) ?? true);
    const pairs = links.flatMap((link) => [
      { link, direction: "in" as const },
      { link, direction: "out" as const },
    ]);
    isPartial = pairs.length > MAX_LISTENERS || names.size === 0;
    const { immediate } = first.options.tcpdump;
    listeners = await Promise.all(
      pairs
        .slice(0, MAX_LISTENERS)
        .map((only) =>
          listen(
            base(only),
            { interface: only.link, direction: only.direction, filter: options.filter },
            startTimeoutMs,
            immediate,
          ),
        ),
    );
  }
  const settleMs = Math.min(SETTLE_MS.most, Math.max(SETTLE_MS.least, performance.now() - startedAt));
  let stopped: Promise<TapResult> | null = null;
  const stop = async (): Promise<TapResult> => {
    await sleep(settleMs - SETTLE_MS.least);
    const beforeTheEnd = listeners.map((l) => l.records);
    await sleep(SETTLE_MS.least);
    const keptComing = listeners.map((l, i) => l.records > (beforeTheEnd[i] as number));
    await Promise.all(listeners.map((l) => l.stop()));
    const files = (await kept?.close()) ?? [];
    return {
      frames: inOneOrder(listeners.map((l) => l.frames)),
      report: reportOn(place, listeners, keptComing, isPartial),
      kept: files,
      lost: [...(kept?.lost ?? [])].map(([path, why]) => ({ path, why })),
    };
  };
  return {
    place,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Tries again without what this build of tcpdump does not know. */
async function listen(
  base: Omit<ListenerOptions, "tcpdump">,
  what: { readonly interface: string; readonly direction: "in" | "out" | null; readonly filter: string },
  timeoutMs: number,
  knowsImmediate = true,
): Promise<Listener> {
  let immediate = knowsImmediate;
  let stayRoot = false;
  for (;;) {
    const listener = new Listener({ ...base, tcpdump: { ...what, immediate, stayRoot } });
    if (await listener.listens(timeoutMs)) return listener;
    await listener.stop();
    if (!stayRoot && wantsUser(listener.stderr)) stayRoot = true;
    else if (immediate && listener.stderr.some(refusesImmediateMode)) immediate = false;
    else return listener;
  }
}

function wantsUser(lines: readonly string[]): boolean {
  return lines.some((line) => line.includes("Couldn't find user"));
}

function refusesImmediateMode(line: string): boolean {
  return /(unrecognized|unknown|illegal|invalid) option/.test(line);
}

/** Empty where it cannot be told. */
async function showLinks(reader: Reader, place: Place, limits: Limits): Promise<string> {
  const command = { name: "ip-o-link", argv: ["ip", "-o", "link", "show"], netns: place.path };
  const [output] = await reader.run(place.node, [command], { ...limits, timeoutMs: Math.min(limits.timeoutMs, 5000) });
  return output === undefined || output.failure !== null ? "" : text(output);
}
