import type { WitnessingPhrases } from "../../../facts/phrases/witnessing.ts";
import type { PhraseWords } from "../phrases.ts";

/** What taps, probes and traces could not tell, and why. */
export const witnessing: PhraseWords<WitnessingPhrases> = {
  "absence-in": (p) => `absence of packets in ${p.netns}`,
  "tap-proved-nothing": () => "the tap proved nothing",
  "tap-too-many-links": () => "more interfaces than taps, on a node whose tcpdump cannot tell them apart",
  "tap-not-immediate": () => "this tcpdump has no --immediate-mode: its last packets are lost",
  "tap-ended-early": () => "tcpdump ended before it was stopped",
  "tap-overflowed": () => "more packets than are kept",
  "tap-without-counts": () => "tcpdump ended without its counts",
  "tap-dropped": (p) => `${p.count} packets dropped`,
  "tap-not-arrived": (p) => `${p.count} captured packets did not arrive here`,
  "tap-not-written": (p) => `${p.count} packets received but not written`,
  "tcpdump-missing": () => "tcpdump is not installed",
  "capture-forbidden": () => "no permission to capture",
  "tap-not-started": () => "tcpdump did not start listening",
  "capture-file": (p) => `capture file ${p.path}`,
  "drop-reasons-on": (p) => `kernel drop reasons on ${p.node}`,
  "tracefs-not-mounted": () => "tracefs is not mounted",
  "tracefs-forbidden": () => "no permission to read tracefs",
  "trace-refused": () => "the kernel refused a trace instance",
  "trace-not-started": () => "tracing did not start",
  "no-drop-reasons": () => "this kernel gives no drop reasons (5.17 and later do)",
  "trace-ended-early": () => "the trace ended before it was stopped",
  "trace-overrun": (p) => `${p.count} events were lost: there were more than the buffer holds`,
  "sending-from": (p) => `${p.kind} from ${p.netns}`,
  "tool-missing": (p) => `the node has no ${p.tool}`,
  "not-installed": (p) => `${p.tool} is not installed`,
  "not-ended": () => "it did not end",
};
