import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { TapReport } from "../sighting.ts";
import type { Listener } from "./listener.ts";
import type { Place } from "./place.ts";

/** What a tap was worth: it is trusted to have heard everything only if nothing at all speaks against it. */
export function reportOn(
  place: Place,
  listeners: readonly Listener[],
  keptComing: readonly boolean[],
  isPartial: boolean,
): TapReport {
  const started = listeners.length > 0 && listeners.every((l) => l.linkType !== null);
  const counts = listeners.map((l) => l.counts);
  const sum = (pick: (c: NonNullable<(typeof counts)[number]>) => number) =>
    counts.every((c) => c !== null) && counts.length > 0 ? counts.reduce((total, c) => total + pick(c), 0) : null;
  const why = isPartial
    ? phrase("tap-too-many-links")
    : (listeners.map((l, i) => doubt(l, listeners, keptComing[i] as boolean)).find((w) => w !== null) ?? null);
  return {
    netns: place.netns,
    started,
    captured: sum((c) => c.captured),
    received: sum((c) => c.received),
    dropped: sum((c) => c.dropped),
    trustworthy: started && why === null,
    why,
  };
}

function doubt(listener: Listener, all: readonly Listener[], keptComing: boolean): Phrase | null {
  const { counts, options } = listener;
  if (listener.linkType === null) return whyNotStarted(listener.stderr);
  if (!options.tcpdump.immediate) return phrase("tap-not-immediate");
  if (listener.endedEarly) return phrase("tap-ended-early");
  if (listener.failure !== null) return listener.failure;
  if (listener.overflowed) return phrase("tap-overflowed");
  if (counts === null) return phrase("tap-without-counts");
  if (counts.dropped > 0) return phrase("tap-dropped", { count: counts.dropped });
  if (listener.records < counts.captured)
    return phrase("tap-not-arrived", { count: counts.captured - listener.records });
  // Packets come out in the order in which they went in: one that came out after the end of the probes shows that those before
  // it did. What is missing then arrived during the stop.
  const missing = counts.received - counts.captured - capturedByTwin(listener, all) - loopedBack(listener);
  if (missing > 0 && !keptComing) return phrase("tap-not-written", { count: missing });
  return null;
}

/** libpcap filters by direction after the kernel counted: what one tap of a link leaves out is the other one's. */
function capturedByTwin(listener: Listener, all: readonly Listener[]): number {
  const { tcpdump } = listener.options;
  if (tcpdump.direction === null) return 0;
  const twin = all.find((l) => l !== listener && l.options.tcpdump.interface === tcpdump.interface);
  return twin?.counts?.captured ?? 0;
}

/** On the loopback libpcap leaves out what goes, for it hears it come as well (linux_check_direction): received twice, written once. */
function loopedBack({ frames }: Listener): number {
  return frames.reduce((sum, frame) => (frame.link === "lo" ? sum + 1 : sum), 0);
}

/** The reason in tcpdump's, the shell's or the transport's own words. */
function whyNotStarted(stderr: readonly string[]): Phrase {
  const all = stderr.join("\n");
  if (/not found|No such file or directory|ENOENT/.test(all) && /tcpdump/.test(all)) return phrase("tcpdump-missing");
  if (/permission|Operation not permitted/i.test(all)) return phrase("capture-forbidden");
  const last = stderr.findLast((line) => line.trim() !== "");
  return last === undefined ? phrase("tap-not-started") : last.trim().slice(0, 200);
}
