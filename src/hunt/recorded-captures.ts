import { netnsId } from "../facts/provenance.ts";
import { linksOf, type World } from "../facts/world.ts";
import type { Bundle } from "../read/transport/bundle.ts";
import { readCapture } from "../witness/decode/capture.ts";
import type { Frame, TapReport } from "../witness/sighting.ts";
import { tunnelPortsOf } from "./examine.ts";

/** A capture is cut at this: more than a few minutes of a busy node's traffic, headers only. */
const CAPTURE_LIMIT_BYTES = 256 << 20;

export interface RecordedCaptures {
  readonly frames: readonly Frame[];
  readonly reports: readonly TapReport[];
  readonly files: readonly string[];
}

/** What the taps of a recording heard. A file covers its node's own namespace: of pods' its silence says nothing. */
export async function readCaptures(bundle: Bundle, world: World): Promise<RecordedCaptures> {
  const tunnelPorts = tunnelPortsOf(world);
  const frames: Frame[] = [];
  const reports: TapReport[] = [];
  const files: string[] = [];
  for (const { node, path } of await bundle.captures()) {
    const id = netnsId(node, "host");
    const netns = world.netns.get(id);
    const read = netns === undefined ? null : await bundle.capture(node, CAPTURE_LIMIT_BYTES);
    if (read === null) continue;
    const linkNames = new Map(linksOf(netns).map((link) => [link.index, link.name]));
    const decoded = readCapture(read.bytes, { netns: id, linkNames, only: null, tunnelPorts });
    for (const frame of decoded.frames) frames.push(frame);
    files.push(path);
    const why = read.truncated
      ? `its capture is longer than ${CAPTURE_LIMIT_BYTES} bytes`
      : (decoded.failure ?? (decoded.frames.length === 0 ? "its capture holds no packet at all" : null));
    const captured = decoded.frames.length;
    reports.push({ netns: id, started: true, captured, received: null, dropped: null, trustworthy: why === null, why });
  }
  return { frames, reports, files };
}
