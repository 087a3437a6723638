import type { Netns } from "../facts/netns.ts";
import { type Phrase, phrase } from "../facts/phrase.ts";
import { netnsId } from "../facts/provenance.ts";
import { linksOf, type World } from "../facts/world.ts";
import type { Capture } from "../read/bundle/replay.ts";
import type { Bundle } from "../read/transport/bundle.ts";
import { type CapturePlace, readCapture } from "../witness/decode/capture.ts";
import type { Frame, TapReport } from "../witness/sighting.ts";
import { tunnelPortsOf } from "./watch.ts";

/** A capture is cut at this: more than a few minutes of a busy node's traffic, headers only. */
const CAPTURE_LIMIT_BYTES = 256 << 20;

export interface RecordedCaptures {
  readonly frames: readonly Frame[];
  readonly reports: readonly TapReport[];
  readonly files: readonly string[];
}

/** What the taps of a recording heard. A file covers its own namespace: of others its silence says nothing. */
export async function readCaptures(bundle: Bundle, world: World): Promise<RecordedCaptures> {
  const tunnelPorts = tunnelPortsOf(world);
  const frames: Frame[] = [];
  const reports: TapReport[] = [];
  const files: string[] = [];
  for (const capture of await bundle.captures()) {
    const netns = placeOf(world, capture);
    if (netns === undefined) continue;
    const { id } = netns;
    const { path, only } = capture;
    const linkNames = new Map(linksOf(netns).map((link) => [link.index, link.name]));
    const heard = await hear(bundle, capture, { netns: id, linkNames, only, tunnelPorts });
    for (const frame of heard.frames) frames.push(frame);
    files.push(path);
    const { why } = heard;
    const captured = heard.frames.length;
    reports.push({ netns: id, started: true, captured, received: null, dropped: null, trustworthy: why === null, why });
  }
  return { frames, reports, files };
}

function placeOf(world: World, { node, netns }: Capture): Netns | undefined {
  if (netns === null) return world.netns.get(netnsId(node, "host"));
  return [...world.netns.values()].find((one) => one.node === node && one.path === netns);
}

/** `why`: its silence proves nothing. */
async function hear(
  bundle: Bundle,
  capture: Capture,
  place: CapturePlace,
): Promise<{ readonly frames: readonly Frame[]; readonly why: Phrase | null }> {
  try {
    const read = await bundle.capture(capture, CAPTURE_LIMIT_BYTES);
    if (read === null) return { frames: [], why: phrase("capture-gone") };
    const { frames, failure } = readCapture(read.bytes, place);
    if (read.truncated) return { frames, why: phrase("capture-too-long", { bytes: CAPTURE_LIMIT_BYTES }) };
    return {
      frames,
      why: failure ?? capture.why ?? (frames.length === 0 ? phrase("capture-empty") : null),
    };
  } catch (error) {
    return { frames: [], why: (error as Error).message };
  }
}
