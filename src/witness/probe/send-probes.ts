import type { NodeName } from "../../facts/provenance.ts";
import type { Limits, Reader } from "../../read/transport/reader.ts";
import { type Prepared, PortAllocator, prepare, type Random } from "./prepare.ts";
import type { Probe, ProbeResult } from "./probe.ts";
import { runSideBySide } from "./side-by-side.ts";

/** For reaching the node and starting the tools, on top of the probe's own deadline, where nobody says how slow it may be. */
const OVERHEAD_MS = 3000;
const MAX_BYTES = 4 << 20;

/**
 * Sends probes, each from its own netns, all of them and all their attempts side by side (ping's 0.2 s apart). Taps must be
 * listening before. A node that cannot be asked, or has no tool for it, gives attempts that say so. Results are in the order of
 * the probes.
 * @throws RangeError for a probe that is none: 1 to 64 attempts.
 */
export async function sendProbes(
  reader: Reader,
  probes: readonly Probe[],
  random: Random,
  /** `timeoutMs`: how long the node itself may take, besides the probe. */
  { timeoutMs = OVERHEAD_MS, signal }: Partial<Pick<Limits, "timeoutMs" | "signal">> = {},
): Promise<readonly ProbeResult[]> {
  const ports = new PortAllocator(random);
  const prepared = probes.map((probe) => prepare(probe, random, ports));
  const results = new Map<Prepared, ProbeResult>();
  await Promise.all(
    [...byNode(prepared)].map(async ([node, batch]) => {
      let open: readonly { readonly original: Prepared; readonly now: Prepared }[] = batch.map((p) => ({
        original: p,
        now: p,
      }));
      while (open.length > 0) {
        const limits: Limits = {
          timeoutMs: Math.max(...open.map(({ now }) => now.durationMs)) + timeoutMs,
          maxBytes: MAX_BYTES,
          ...(signal === undefined ? {} : { signal }),
        };
        const commands = open.map(({ now }) => now.command);
        const said = await runSideBySide(reader, node, commands, limits);
        open = open.flatMap(({ original, now }, i) => {
          const one = said[i] as (typeof said)[number];
          const again = now.retry(one);
          if (again !== null) return [{ original, now: again }];
          results.set(original, now.read(one));
          return [];
        });
      }
    }),
  );
  return prepared.map((p) => results.get(p) as ProbeResult);
}

function byNode(prepared: readonly Prepared[]): ReadonlyMap<NodeName, readonly Prepared[]> {
  const groups = new Map<NodeName, Prepared[]>();
  for (const one of prepared) {
    const group = groups.get(one.node);
    if (group === undefined) groups.set(one.node, [one]);
    else group.push(one);
  }
  return groups;
}
