import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { podKey } from "../facts/cluster.ts";
import { phrase } from "../facts/phrase.ts";
import type { Netns } from "../facts/netns.ts";
import { netnsId, type NetnsId } from "../facts/provenance.ts";
import { linksOf } from "../facts/world.ts";
import type { NewEntry } from "../read/bundle/bundle-writer.ts";
import { asPart } from "../read/bundle/layout.ts";
import { endpointsBehind, type Target } from "../think/symptom/target.ts";
import { stripPayloads } from "../witness/decode/strip-payload.ts";
import { startTap, type Tap } from "../witness/tap/start-tap.ts";
import type { Field } from "./field.ts";
import { placeOf, podPlace } from "./place.ts";
import { tunnelPortsOf } from "./watch.ts";

/** A capture ends by itself after this, and at this length: it is for one bundle. */
const DEADLINE_MS = 300_000;
const MOST_BYTES = 64 << 20;

/** A capture as a bundle holds it, and the file on this machine; null: there is none, and the entry says why. */
export interface RecordedCapture {
  readonly entry: NewEntry;
  readonly file: string | null;
}

export interface CaptureRecorder {
  /** Stops listening; what applications said is taken out of what was heard. */
  stop(): Promise<readonly RecordedCapture[]>;
}

/** Listens to everything in every node's own namespace, and in those of the pods behind the target. */
export async function recordCaptures(
  field: Field,
  target: Target | null,
  directory: string,
  at: string,
): Promise<CaptureRecorder> {
  const tunnelPorts = tunnelPortsOf(field.world);
  const ids = new Set<NetnsId>(field.reader.nodes.map((node) => netnsId(node, "host")));
  for (const { pod } of target === null ? [] : endpointsBehind(field.cluster, target)) {
    const object = field.cluster.pods.find((p) => pod !== null && podKey(p) === podKey(pod));
    const place = object === undefined ? null : podPlace(field.world, object);
    if (place !== null) ids.add(place.netns);
  }
  const limits = { ...field.limits, timeoutMs: DEADLINE_MS, maxBytes: MOST_BYTES };
  const taps = await Promise.all(
    [...ids].flatMap((id): Promise<{ tap: Tap; netns: Netns; keepIn: string }>[] => {
      const place = placeOf(field.world, id);
      const netns = field.world.netns.get(id);
      if (place === null || netns === undefined) return [];
      const start = async () => {
        const keepIn = await mkdtemp(join(directory, "tap-"));
        return { tap: await startTap(field.reader, place, { filter: "", limits, tunnelPorts, keepIn }), netns, keepIn };
      };
      return [start()];
    }),
  );
  return {
    async stop() {
      const recorded = taps.map(async ({ tap, netns, keepIn }): Promise<readonly RecordedCapture[]> => {
        const { report, lost } = await tap.stop();
        const why = lost[0]?.why ?? (report.trustworthy ? null : (report.why ?? phrase("tap-proved-nothing")));
        const names = await readdir(keepIn);
        if (names.length === 0)
          return [{ entry: entryOf(netns, null, why ?? phrase("tap-proved-nothing"), at), file: null }];
        return Promise.all(
          names.sort().map(async (name) => {
            const only = onlyOf(name, netns, names.length);
            const file = join(keepIn, `${name}.stripped`);
            await stripPayloads(join(keepIn, name), file, tunnelPorts);
            await rm(join(keepIn, name));
            return { entry: entryOf(netns, only, why, at), file };
          }),
        );
      });
      return (await Promise.all(recorded)).flat();
    },
  };
}

type Only = NonNullable<NewEntry["only"]>;

function entryOf(netns: Netns, only: Only | null, failure: NewEntry["failure"], at: string): NewEntry {
  const place = netns.name === "host" ? "" : `-${netns.name.slice("pod:".length)}`;
  const name = `${netns.node}${place}${only === null ? "" : `-${only.link}-${only.direction}`}`;
  return {
    path: `capture/${asPart(name)}.pcap`,
    node: netns.node,
    netns: netns.path,
    argv: ["tcpdump", "-i", only?.link ?? "any", ...(only === null ? [] : ["-Q", only.direction])],
    status: null,
    failure,
    stderr: "",
    truncated: false,
    at,
    ...(only === null ? {} : { only }),
  };
}

/** Where one tap could not tell links apart there is a file for each, named after it. */
function onlyOf(name: string, netns: Netns, files: number): Only | null {
  if (files === 1) return null;
  const direction = name.endsWith("-in.pcap") ? "in" : "out";
  const ends = (link: string): boolean =>
    name.endsWith(`-${link.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}-${direction}.pcap`);
  const [link] = linksOf(netns)
    .map((one) => one.name)
    .filter(ends)
    .sort((a, b) => b.length - a.length);
  return link === undefined ? null : { link, direction };
}
