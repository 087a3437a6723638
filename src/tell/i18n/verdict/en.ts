import type { RungName } from "../../../verdict/verdict.ts";
import { many } from "../counted.ts";

/** What stands around the ladder: the start, the verdict under it, what to do now. */
export const verdict = {
  start: (p: { from: string; via: string; nodes: number; reached: number }) =>
    `from ${p.from} · nodes over ${p.via} (${p.reached} of ${p.nodes}) · changes nothing`,
  offlineStart: (p: { via: string; nodes: number }) =>
    `offline, from ${p.via} · ${many(p.nodes, "node")} · sends nothing`,
  doing: {
    objects: "reading the cluster's objects",
    facts: "reading the nodes",
    taps: "starting taps",
    tries: "trying the symptom",
    probes: "sending tagged packets",
    knock: "asking the neighbours for a sign of life from",
    search: "looking for the one change that would deliver it",
  },
  waiting: (p: { nodes: readonly string[]; seconds: number; limit: number }) =>
    `waiting for ${p.nodes.join(", ")}, ${p.seconds} s (at most ${p.limit} s a command: --timeout)`,
  confidence: { confirmed: "CONFIRMED", likely: "LIKELY", suspected: "SUSPECTED" },
  outcome: { healthy: "HEALTHY", broken: "BROKEN", unknown: "UNKNOWN" },
  healthy: "Every branch was walked and answered, request and reply.",
  healthyOffline:
    "Every branch is delivered by the walk, request and reply. Nothing was sent: these are recorded facts.",
  unknown: "What breaks it is not known.",
  unknownAt: (p: { at: string }) => `It breaks, and what breaks it is not known. Last seen: ${p.at}.`,
  serverAtFault: (p: { pod: string; node: string; status: number | null; silent: string | null }) =>
    p.silent === null
      ? `No packet gets lost: ${p.pod} on ${p.node} ${p.status === null ? "takes the connection and does not answer" : `answers ${p.status}`}.`
      : `No packet gets lost: what ${p.pod} on ${p.node} asks of ${p.silent} arrives and is not answered.`,
  notReachedDirectly:
    "It did not fail while Lasthop watched, but not every endpoint answered when it was asked directly: see reach.",
  notReproduced: "It did not fail while Lasthop watched, and not every branch is known to be whole.",
  voices: {
    predict: (p: { disposition: string; node: string; detail: string }) =>
      `the walk ends on ${p.node}: ${p.disposition}${p.detail === "" ? "" : `, at ${p.detail}`}`,
    ask: (p: { question: string; answer: string; agrees: boolean | null }) =>
      `${p.question}: "${p.answer}"${p.agrees === false ? " — the kernel disagrees" : ""}`,
    witness: (p: { seen: number; of: number; node: string; at: string | null }) =>
      p.at === null ? `${p.of} sent, none seen by any tap` : `${p.seen} of ${p.of} end at ${p.node} ${p.at}`,
    whatIf: (p: { object: string; wanted: string | null; delivers: boolean }) =>
      `only ${p.wanted === null ? `without ${p.object}` : `${p.object} = ${p.wanted}`}: ${p.delivers ? "request and reply delivered" : "still not delivered"}`,
    dissent: (p: { what: string }) => `dissent: ${p.what}`,
  },
  labels: {
    predict: "predict",
    ask: "ask",
    witness: "witness",
    whatIf: "what if",
    lastHop: "Last hop",
    affected: "Affected",
    recurs: "Will recur",
    notChecked: "Not checked",
    also: "Also",
    now: "Now",
    exit: "exit",
  },
  /** What the time went into; `total` is all of it. */
  took: {
    objects: "objects",
    facts: "facts",
    open: "until the first try",
    tries: "tries",
    probes: "probes",
    search: "search",
    again: "read again",
    total: "total",
  } as { readonly [name: string]: string },
  rungs: {
    http: "http",
    service: "service",
    endpoints: "endpoints",
    pods: "pods",
    reach: "reach",
    route: "route",
    capture: "capture",
    kernel: "kernel",
    dns: "dns",
  } as { readonly [K in RungName]: string },
  /** `isSeen`: a tap or a capture saw it there; else it is where the walk ends. */
  lastHop: (p: {
    node: string;
    netns: string;
    at: string | null;
    leg: string;
    next: string | null;
    isSeen: boolean;
  }) =>
    p.at === null
      ? `${p.node}: no tap saw the ${p.leg}`
      : `${p.node}${p.netns === "host" ? "" : ` ${p.netns}`} ${p.at}, ${p.leg}${p.next === null ? "" : `; next would be ${p.next}`}${p.isSeen ? "" : " (by the walk: nothing was captured there)"}`,
  affected: (p: { pods: number; node: string | null; services: readonly string[] }) =>
    [
      p.pods === 0 ? null : `${many(p.pods, "pod")}${p.node === null ? "" : ` on ${p.node}`}`,
      p.services.length === 0
        ? null
        : `${many(p.services.length, "Service")} (${p.services.slice(0, 4).join(", ")}${p.services.length > 4 ? ", …" : ""})`,
    ]
      .filter((part) => part !== null)
      .join(", "),
  /** `at`: a file and its line. */
  recurs: (p: { by: string; when: string; at: string | null }) =>
    `${p.by} (${p.when})${p.at === null ? "" : `, ${p.at}`}`,
  /** Whose, what, and what it said. */
  inOneLine: (parts: readonly string[]) => parts.join(": "),
  /** The lines of a rung as one finding. */
  inOneFinding: (lines: readonly string[]) => lines.join("; "),
  notChecked: (p: { what: string; why: string }) => `${p.what}: ${p.why}`,
  moreNotChecked: (p: { count: number }): string => `and ${p.count} more; -o markdown lists them all`,
  next: {
    plan: "show the plan, change nothing",
    apply: "do it, read it back, try the symptom again",
    none: "no repair is derived for this cause",
    meant: "nothing to repair; if it is not meant so, change the policy",
    offline: "these are recorded facts: diagnose the cluster itself to repair it",
  },
};
