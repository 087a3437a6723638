import type { Events } from "../../../hunt/events.ts";
import { many } from "../counted.ts";

const OUTSIDE = "outside the cluster";

function listed(nodes: readonly string[]): string {
  return nodes.map(placed).join(", ");
}

/** The vantage outside of the cluster is no node. */
function placed(node: string): string {
  return node === "here" ? OUTSIDE : node;
}

/** Every sentence of a timeline, by the code of its event. */
const events: { readonly [K in keyof Events]: (p: Events[K]) => string } = {
  "objects-read": (p) =>
    `The cluster's objects read: ${many(p.nodes, "node")}, ${many(p.pods, "pod")}, ${many(p.services, "Service")}.`,
  "facts-read": (p) => `Facts read: ${listed(p.nodes)}.`,
  "recording-read": (p) => `Recorded facts read: ${listed(p.nodes)}.`,
  "taps-listened": (p) => `${many(p.taps, "tap")} listening: ${listed(p.nodes)}.`,
  "probes-sent": (p) =>
    `${many(p.tries, "try", "tries")} of ${many(p.flows, "flow")} to ${p.to}: ${p.answered} answered.`,
  "taps-stopped": (p) =>
    `Taps stopped: ${many(p.frames, "frame")} captured${p.deaf === 0 ? "" : `; ${many(p.deaf, "tap")} proved nothing by silence`}.`,
  "packets-recorded": (p) => `${many(p.frames, "frame")} recorded: ${placed(p.node)}, by its own clock.`,
  "gateway-followed": (p) => `${p.pod} was found waiting for ${p.to}: followed.`,
  "kernels-asked": (p) => `Kernels asked about ${many(p.questions, "routing decision")}.`,
  "cause-searched": (p) => `The smallest correction searched for, for ${many(p.failures, "failing way")}.`,
  "read-again": (p) => `The deciding facts on ${p.node} ${p.isRead ? "read again" : "could not be read again"}.`,
  concluded: (p) => `Decided: ${p.outcome}.`,
};

/** The words of an incident report. */
export const incident = {
  events,
  title: "Incident report: ",
  titleOther: "Report: ",
  outcome: { healthy: "Healthy", broken: "Broken", unknown: "Unknown" },
  confidence: { confirmed: "Confirmed", likely: "Likely", suspected: "Suspected" },
  confidenceMeans: {
    confirmed:
      "prediction and witness agree, no kernel dissents, and this one correction, and no other as cheap, delivers",
    likely: "prediction or witness, not both, or nothing that can be proven from here",
    suspected: "neither prediction nor witness explains it",
  },
  sections: {
    outcome: "Outcome and confidence",
    cause: "Root cause",
    impact: "Impact",
    path: "Path",
    timeline: "Timeline",
    ladder: "Ladder",
    repair: "Repair",
    recurrence: "Recurrence",
    verify: "How to verify",
    notChecked: "Not checked",
    evidence: "Evidence",
  },
  labels: {
    symptom: "Symptom",
    from: "Tried from",
    when: "When",
    tool: "Diagnosed by",
    outcome: "Outcome",
    confidence: "Confidence",
    predict: "Predict",
    ask: "Ask",
    witness: "Witness",
    whatIf: "What if",
    dissent: "Dissent",
    lastHop: "Last hop",
    cause: "Cause",
    where: "Where",
    object: "Deciding fact",
    found: "Found",
    wanted: "Wanted",
    ends: "Packet ends as",
    pods: "Pods",
    services: "Services",
    also: "Also found",
  },
  columns: {
    at: "Time (UTC)",
    took: "Took",
    event: "What was done",
    rung: "Rung",
    status: "Status",
    finding: "Finding",
    evidence: "Evidence",
    to: "Endpoint",
    attempts: "Tries",
    answered: "Answered",
    predicted: "Predicted",
    what: "What",
    why: "Why",
    by: "By",
    when: "When",
    file: "File",
  },
  status: { ok: "ok", failed: "failed", skipped: "skipped", unknown: "unknown" },
  voiceNames: { predict: "predict", ask: "ask", witness: "witness", api: "API" },
  when: (p: { from: string; seconds: string }): string => `${p.from} UTC, ${p.seconds} s`,
  tool: (p: { version: string; offline: boolean }): string =>
    `Lasthop ${p.version}${p.offline ? ", from recorded facts: nothing was sent" : ""}`,
  legs: { request: "request", reply: "reply" },
  hostNetns: "host",
  outside: OUTSIDE,
  marks: {
    seen: "seen",
    notSeen: "not seen",
    notTold: "not told",
    notPredicted: "not predicted",
    last: "last hop",
    next: "next, not seen",
    walkEnds: "the walk ends here",
    walkNext: "next by the walk",
    tunnelled: "in a tunnel",
  },
  legend: "● seen   ○ not seen   ◌ not told: no tap there, or one that proved nothing",
  colon: ": ",
  comma: ", ",
  inBrackets: (text: string): string => ` (${text})`,
  /** What the drawing shows. */
  drawn:
    "● seen · ○ not seen, or not told · dotted line: not seen · dashed line: not told, for there is no tap, or one that proved nothing",
  kernelSays: (p: { reason: string }): string => `kernel: ${p.reason}`,
  drawing: (p: { places: string; last: string | null; isSeen: boolean }): string =>
    `The way of the packets over ${p.places}${p.last === null ? "" : p.isSeen ? `, last seen at ${p.last}` : `; by the walk it ends at ${p.last}`}.`,
  asText: "The same as text",
  noPath: "No path is known.",
  nobodyHit: "Nobody else is known to be affected.",
  branches: "Every way that the flow may take:",
  more: (p: { count: number }): string => `, and ${p.count} more`,
  absent: "absent",
  remove: "to be removed",
  noCause: "No cause is known well enough to be named.",
  unexplained: "This version of Lasthop knows no such mechanism.",
  noRepair: "No repair is derived.",
  meant: "Nothing to repair: it is meant so. If it is not, change the policy.",
  repairOn: (p: { place: string; proven: boolean }): string =>
    `On ${p.place}${p.proven ? "" : ", not proven to deliver"}:`,
  repairApi: (p: { proven: boolean }): string => `In the Kubernetes API${p.proven ? "" : ", not proven to deliver"}:`,
  byHand: "By hand: no safe live change exists.",
  repairSafely: "The same with a before-image kept on the node, read back, and the symptom tried again:",
  noRecurrence: "Nothing is known that will set it back.",
  noNodeSysctl: "Not looked into: only sysctls of a node are.",
  notLooked: "Not looked into: a recording does not hold the nodes' files.",
  verifySymptom: "The symptom once more. Exit status 0 means that every branch was walked and answered:",
  verifyKernel: (p: { node: string; answer: string }): string =>
    `The same question to the kernel of ${p.node}, which answered "${p.answer}":`,
  verifyFact: (p: { node: string; wanted: string }): string =>
    `The deciding fact on ${p.node}, which should say ${p.wanted}:`,
  allChecked: "Nothing is known to be missing.",
};

export type IncidentWords = typeof incident;
