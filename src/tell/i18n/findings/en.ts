import type { AnswerCount } from "../../../hunt/findings.ts";
import { padTo } from "../../columns.ts";
import { many } from "../counted.ts";
import type { FindingWords } from "./words.ts";

const answers = (how: readonly AnswerCount[]): string =>
  how.map((a) => `${a.count} ${/^\d/.test(a.outcome) ? `× ${a.outcome}` : a.outcome}`).join(", ");

/** Every sentence of a ladder, by the code of its finding. */
export const findings: FindingWords = {
  "delivered-all": (p) => `${p.tries} of ${p.tries} datagrams arrived; nobody answered, which UDP allows`,
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
  "gateway-used": (p) =>
    `conntrack on ${p.node}: ${many(p.count, "connection")} → ${p.to} answered before, by the walk not all would arrive now`,
  "gateway-beside": (p) =>
    `whom ${p.pod} asks was not recorded; by the walk not all that it sends to ${p.service} (${p.to}), of its own namespace, would arrive`,
  "upstream-named": (p) => `${p.pod} waits for ${p.to}${p.service === null ? "" : ` (${p.service})`}`,
  "upstream-unknown": (p) => `no connection of ${p.pod} itself hangs`,
  "service-found": (p) => `${p.name} ${p.address}:${p.port}${p.nodePort === null ? "" : `, node port ${p.nodePort}`}`,
  "no-service": () => "no Service in between",
  "endpoints-ready": (p) =>
    p.total <= 3 ? `${p.shown.join(" · ")}` : `${p.ready} of ${p.total} ready: ${p.shown.join(" · ")}`,
  "endpoints-not-read": () => "not read: neither EndpointSlices nor Endpoints could be listed",
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
  "node-silent": (p) =>
    `${p.node} (${p.address}${p.ready === false ? ", NotReady" : ""}) answers none of ${p.askers.join(", ")}${p.neighbour === null ? "" : `; ${p.neighbour}`}`,
  "route-agrees": (p) => `${many(p.questions, "decision")} asked of the kernels, all as predicted`,
  "route-dissents": (p) => `${p.node}: ${p.question}: predicted ${p.predicted}, the kernel says ${p.said}`,
  "route-line": (p) => `${p.node}: ${p.answer}`,
  "route-refused": (p) => `${p.node}: ${p.question}: "${p.answer}"`,
  "capture-arrives": (p) => `${many(p.probes, "tagged packet")} seen at every hop, and the answers`,
  "capture-title": (p) =>
    `${p.leg}, ${p.from} → ${p.to}, ${many(p.probes, p.recorded ? "recorded flow" : "tagged packet")}`,
  "capture-line": (p) =>
    `${padTo(p.node, 10)} ${p.hops.map((h) => h.name).join(" → ")}   ${p.count ?? "?"}${p.hops.some((h) => h.last) ? "  ← last hop" : ""}`,
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
