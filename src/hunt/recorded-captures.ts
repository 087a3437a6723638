import type { Netns } from "../facts/netns.ts";
import { type Phrase, phrase } from "../facts/phrase.ts";
import { type NetnsId, netnsId } from "../facts/provenance.ts";
import { linksOf, type World } from "../facts/world.ts";
import type { Capture } from "../read/bundle/replay.ts";
import type { Bundle } from "../read/transport/bundle.ts";
import { type CapturePlace, inOneOrder, readCapture } from "../witness/decode/capture.ts";
import type { Frame, TapReport } from "../witness/sighting.ts";
import { tunnelPortsOf } from "./watch.ts";

/** A capture is cut at this: more than a few minutes of a busy node's traffic, headers only. */
const CAPTURE_LIMIT_BYTES = 256 << 20;

export interface RecordedCaptures {
  readonly frames: readonly Frame[];
  readonly reports: readonly TapReport[];
  readonly files: readonly string[];
}

/** What the taps of a recording heard. Files cover their own namespace: of others their silence says nothing. */
export async function readCaptures(bundle: Bundle, world: World): Promise<RecordedCaptures> {
  const tunnelPorts = tunnelPortsOf(world);
  const heardIn = new Map<NetnsId, Heard[]>();
  const files: string[] = [];
  for (const capture of await bundle.captures()) {
    const netns = placeOf(world, capture);
    if (netns === undefined) continue;
    const { id } = netns;
    const { path, only } = capture;
    const linkNames = new Map(linksOf(netns).map((link) => [link.index, link.name]));
    const heard = await hear(bundle, capture, { netns: id, linkNames, only, tunnelPorts });
    heardIn.set(id, [...(heardIn.get(id) ?? []), heard]);
    files.push(path);
  }
  const frames: Frame[] = [];
  const reports: TapReport[] = [];
  for (const [netns, all] of heardIn) {
    const own = inOneOrder(all.map((heard) => heard.frames));
    for (const frame of own) frames.push(frame);
    const captured = own.length;
    // Of several, each of one link, some may have had nothing to hear.
    const why = all.find((heard) => heard.why !== null)?.why ?? (captured === 0 ? phrase("capture-empty") : null);
    reports.push({ netns, started: true, captured, received: null, dropped: null, trustworthy: why === null, why });
  }
  return { frames, reports, files };
}

function placeOf(world: World, { node, netns }: Capture): Netns | undefined {
  if (netns === null) return world.netns.get(netnsId(node, "host"));
  return [...world.netns.values()].find((one) => one.node === node && one.path === netns);
}

interface Heard {
  readonly frames: readonly Frame[];
  /** Its silence proves nothing. */
  readonly why: Phrase | null;
}

async function hear(bundle: Bundle, capture: Capture, place: CapturePlace): Promise<Heard> {
  try {
    const read = await bundle.capture(capture, CAPTURE_LIMIT_BYTES);
    if (read === null) return { frames: [], why: phrase("capture-gone") };
    const { frames, failure } = readCapture(read.bytes, place);
    // Somewhere in the namespace is on no hop: a trail of such frames would end anywhere.
    if (frames.some((frame) => frame.link === null)) return { frames: [], why: phrase("capture-without-links") };
    if (read.truncated) return { frames, why: phrase("capture-too-long", { bytes: CAPTURE_LIMIT_BYTES }) };
    return { frames, why: failure ?? capture.why };
  } catch (error) {
    return { frames: [], why: (error as Error).message };
  }
}
