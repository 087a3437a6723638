import type { AnswerCount, Findings } from "../../hunt/findings.ts";

const many = (n: number, one: string, several = `${one}s`): string => `${n} ${n === 1 ? one : several}`;

const answers = (how: readonly AnswerCount[]): string =>
  how.map((a) => `${a.count} ${/^\d/.test(a.outcome) ? `× ${a.outcome}` : a.outcome}`).join(", ");

/** Every sentence of a ladder, by the code of its finding. */
const findings: { readonly [K in keyof Findings]: (p: Findings[K]) => string } = {
  "answers-all": (p) => `${p.tries} of ${p.tries} tries answered, ${p.ms} ms`,
  "answers-some": (p) => {
    const [only] = p.how;
    if (p.failed === p.tries && p.how.length === 1 && only !== undefined)
      return `${only.outcome}, ${p.tries} of ${p.tries} tries`;
    return `${p.failed} of ${p.tries} tries failed: ${answers(p.how)}`;
  },
  "http-from": (p) =>
    p.status === null
      ? `connected to ${p.pod} on ${p.node}, which does not answer`
      : `${p.status} from ${p.pod} on ${p.node}`,
  "gateway-log": (p) => `its log: ${p.line}`,
  "gateway-connects": (p) => `its packets: ${many(p.count, "connection")} to ${p.to}, none accepted`,
  "gateway-socket": (p) => `its socket: ${p.state} → ${p.to}`,
  "gateway-request": (p) =>
    `its connections: ${p.count} to ${p.to} stand, ${p.unacknowledged > 0 ? `${many(p.unacknowledged, "byte")} sent and not acknowledged` : "asked and not answered"}`,
  "gateway-conntrack": (p) => `conntrack on ${p.node}: ${p.count} × [UNREPLIED] → ${p.to}`,
  "upstream-named": (p) => `${p.pod} waits for ${p.to}${p.service === null ? "" : ` (${p.service})`}`,
  "upstream-unknown": (p) => `no connection of ${p.pod} itself hangs`,
  "service-found": (p) => `${p.name} ${p.address}:${p.port}${p.nodePort === null ? "" : `, node port ${p.nodePort}`}`,
  "no-service": () => "no Service in between",
  "endpoints-ready": (p) =>
    p.total <= 3 ? `${p.shown.join(" · ")}` : `${p.ready} of ${p.total} ready: ${p.shown.join(" · ")}`,
  "endpoints-none-ready": (p) => `none of ${many(p.total, "endpoint")} is ready`,
  "endpoints-none": (p) => `none; selector ${p.selector}`,
  "selector-matches": (p) =>
    `${p.selector} matches ${many(p.pods, "pod")}${p.near === null ? "" : `; ${p.near} would match`}`,
  "endpoint-not-pod": (p) => `${p.address} is the address of no pod`,
  "pods-ready": (p) => `${p.ready}/${p.total} ready`,
  "pods-not-ready": (p) => `not ready: ${p.pods.join(", ")}`,
  "pods-answer-at-home": (p) => `${p.answered}/${p.total} answer on their own node in ${p.ms} ms`,
  "pods-silent-at-home": (p) => `no answer on their own node: ${p.pods.join(", ")}`,
  "reach-line": (p) =>
    `${p.from} → ${p.to} ${p.answered}/${p.attempts}${p.answered === p.attempts ? "" : ` (${answers(p.how)})`}`,
  "reach-own": (p) =>
    `${p.from}'s own → ${p.to} ${p.delivered}/${p.attempts} delivered${p.answered === p.attempts ? "" : `, ${p.answered} answered`}`,
  "route-agrees": (p) => `${many(p.questions, "decision")} asked of the kernels, all as predicted`,
  "route-dissents": (p) => `${p.node}: ${p.question}: predicted ${p.predicted}, the kernel says ${p.said}`,
  "route-line": (p) => `${p.node}: ${p.answer}`,
  "route-refused": (p) => `${p.node}: ${p.question}: "${p.answer}"`,
  "capture-arrives": (p) => `${many(p.probes, "tagged packet")} seen at every hop, and the answers`,
  "capture-title": (p) =>
    `${p.leg}, ${p.from} → ${p.to}, ${many(p.probes, p.recorded ? "recorded flow" : "tagged packet")}`,
  "capture-line": (p) =>
    `${p.node.padEnd(10)} ${p.hops.map((h) => h.name).join(" → ")}   ${p.count ?? "?"}${p.hops.some((h) => h.last) ? "  ← last hop" : ""}`,
  "capture-alike": (p) => `${many(p.flows, "more flow")} last seen there: ${p.ways.join(", ")}`,
  "capture-lost": (p) => `taps that prove nothing by silence: ${p.taps.join(", ")}`,
  "kernel-counter": (p) => `${p.node} ${p.name} +${p.delta}`,
  "kernel-rule": (p) => `${p.node} ${p.rule}: ${many(p.packets, "packet")}`,
  "kernel-reason": (p) => `drop reason ${p.reason} × ${p.count}`,
  "kernel-quiet": () => "no counter of a drop moved",
  "offline-captures": (p) => `recorded: ${many(p.flows, "flow")} adopted`,
  "not-probed-offline": () => "not probed: these are recorded facts",
  "not-needed": () => "not needed",
  "not-tried": () => "nothing could be sent: see what was not checked",
  "connected-only": (p) => `${p.tries} of ${p.tries} connected; ${p.mute} could not ask: no tool there for that`,
  "not-asked": () => "no kernel on the way could be asked",
  "not-read": () => "could not be read",
  "capture-unheard": (p) => `${many(p.probes, "tagged packet")} sent; no tap proves where they were`,
  "capture-elsewhere": (p) => `answered, though never seen at ${p.places.join(", ")}`,
};

/** Every word that a person reads outside of causes. `zh.ts` must satisfy its type. */
export const en = {
  findings,
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
    search: "looking for the one change that would deliver it",
  },
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
  lastHop: (p: { node: string; netns: string; at: string | null; leg: string; next: string | null }) =>
    p.at === null
      ? `${p.node}: no tap saw the ${p.leg}`
      : `${p.node}${p.netns === "host" ? "" : ` ${p.netns}`} ${p.at}, ${p.leg}${p.next === null ? "" : `; next would be ${p.next}`}`,
  affected: (p: { pods: number; node: string | null; services: readonly string[] }) =>
    [
      p.pods === 0 ? null : `${many(p.pods, "pod")}${p.node === null ? "" : ` on ${p.node}`}`,
      p.services.length === 0
        ? null
        : `${many(p.services.length, "Service")} (${p.services.slice(0, 4).join(", ")}${p.services.length > 4 ? ", …" : ""})`,
    ]
      .filter((part) => part !== null)
      .join(", "),
  demo: {
    building: (p: { cni: string }) =>
      `A cluster of three nodes in network namespaces of this machine, wired as ${p.cni} does it …`,
    built: (p: { nodes: number; pods: number; seconds: string }) =>
      `${p.nodes} nodes, ${p.pods} pods, a Kubernetes API, after ${p.seconds} s. A frontend proxies to a backend on another node:`,
    broken: (p: { node: string }) =>
      `Now node ${p.node} is suspended and resumed: its links go down and come up, every route returns, and one thing does not. Every node is Ready, every pod Running:`,
    proof: "And from outside, as at the beginning:",
    gone: (p: { seconds: string }) => `The lab is gone. ${p.seconds} s in all.`,
    replaying: (p: { why: string | null }) =>
      `${p.why === null ? "" : `No lab can be built here (${p.why}). `}This is the incident as it was recorded: two virtual machines, IPIP over tunl0, after a real sleep. Facts and captures of both ends are replayed, nothing is sent; there curl timed out, it met no gateway.`,
  },
  repair: {
    api: "Kubernetes API",
    absentNow: "  (absent now)",
    now: (p: { found: string }) => `  (now ${p.found})`,
    asWanted: "  (now as it should be)",
    unreadable: (p: { why: string }) => `  (cannot be read now: ${p.why})`,
    byHand: "by hand: no safe live change exists",
    willLose: (p: { node: string; file: string; line: number; key: string; value: string; by: string }) =>
      `Will not last on ${p.node}: ${p.file}:${p.line} sets ${p.key} = ${p.value} at the next reload by ${p.by}`,
    nothingChanged: "Nothing was changed. --apply does it, reads it back, and tries the symptom again.",
    nothingUndone: "Nothing was changed. --apply takes it back.",
    done: (p: { id: string }) => `done, read back; lasthop undo ${p.id}`,
    already: "done already by the step before",
    persisted: (p: { file: string }) => `written to ${p.file}`,
    takesBack: "takes back:",
    undone: (p: { runtime: string; file: string }) =>
      `${p.runtime === "gone" ? "a reboot had taken it back" : "as it was before"}${p.file === "restored" ? ", and the file" : ""}`,
    noRepairs: "Nothing was repaired here.",
  },
  changeErrors: {
    "nothing-to-repair": "there is nothing to repair",
    "not-confirmed": "the cause is not confirmed",
    "not-proven": "it is not proven that this repair delivers",
    "unknown-repair": "no such repair",
    "bad-params": "the repair's parameters do not fit",
    "by-hand": "this cannot be changed safely while it runs",
    "no-node": "the node cannot be reached",
    "no-netns": "the pod's network namespace is gone",
    "no-api": "the Kubernetes API is needed and not to be had",
    unreadable: "what is to be changed cannot be read",
    "changed-since": "it is no longer what the diagnosis found",
    "already-done": "it is already as it should be",
    "command-failed": "a command failed",
    "read-back-differs": "read back, it is not what was written",
    "journal-unwritable": "the journal cannot be written",
    "journal-not-found": "no such entry in the journal",
    "already-undone": "it was taken back already",
    "already-gone": "nothing of it is left",
    "not-what-we-left": "it is not what the repair left",
    "not-restored": "it is not all as it was before",
    "persist-not-host": "only a node's own sysctls have a file",
    "persist-shared-file": "the file belongs to another machine",
    "persist-unwritable": "the file cannot be written",
  },
  next: {
    plan: "show the plan, change nothing",
    apply: "do it, read it back, try the symptom again",
    none: "no repair is derived for this cause",
    offline: "these are recorded facts: diagnose the cluster itself to repair it",
  },
} as const satisfies object;

export type Words = typeof en;
