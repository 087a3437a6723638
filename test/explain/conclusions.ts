import type { Conclusion, FoundCause } from "../../src/hunt/conclusion.ts";
import { event } from "../../src/hunt/events.ts";
import { type Findings, finding, type Rung } from "../../src/hunt/findings.ts";

/** One of every finding: a forgotten code does not compile. */
export const EVERY_FINDING: { readonly [K in keyof Findings]: Findings[K] } = {
  "delivered-all": { tries: 6 },
  "answers-all": { tries: 12, ms: 3 },
  "answers-some": {
    failed: 4,
    tries: 12,
    how: [
      { outcome: "502", count: 3 },
      { outcome: "timeout", count: 1 },
    ],
  },
  "http-from": { status: 502, pod: "default/gw", node: "k1" },
  "gateway-log": { line: "upstream timed out" },
  "gateway-connects": { count: 3, to: "10.43.0.11:80" },
  "gateway-socket": { pod: "default/gw", state: "SYN_SENT", to: "10.43.0.11:80" },
  "gateway-request": { to: "10.43.0.11:80", count: 6, unacknowledged: 77 },
  "gateway-conntrack": { node: "k1", to: "10.43.0.11:80", count: 2 },
  "gateway-used": { node: "k1", to: "10.43.0.7:80", count: 3 },
  "gateway-beside": { pod: "default/gw", service: "default/backend", to: "10.43.0.7:80" },
  "upstream-named": { pod: "default/gw", to: "10.43.0.11:80", service: "default/backend" },
  "upstream-unknown": { pod: "default/gw" },
  "service-found": { name: "default/backend", address: "10.43.0.11", port: 80, nodePort: 30007 },
  "no-service": {},
  "endpoints-ready": { ready: 5, total: 6, shown: ["10.42.0.3:8080 on k2, ready", "…"] },
  "endpoints-not-read": {},
  "endpoints-none-ready": { total: 1 },
  "endpoints-none": { selector: "app=x" },
  "selector-matches": { selector: "app=x", pods: 0, near: "app=y" },
  "endpoint-not-pod": { address: "192.0.2.9" },
  "pods-ready": { ready: 1, total: 2 },
  "pods-not-ready": { pods: ["default/a"] },
  "pods-answer-at-home": { answered: 2, total: 2, ms: 1 },
  "pods-silent-at-home": { pods: ["10.42.0.3:8080"] },
  "reach-line": { from: "k1", to: "10.42.0.3:8080", answered: 0, attempts: 3, how: [{ outcome: "timeout", count: 3 }] },
  "reach-own": { from: "default/gw", to: "10.43.0.11:80", attempts: 6, delivered: 6, answered: 0 },
  "node-silent": {
    node: "k2",
    address: "192.168.6.142",
    ready: false,
    askers: ["k1", "k3"],
    neighbour: "k1: 192.168.6.142 dev eth0 FAILED",
  },
  "route-agrees": { questions: 1 },
  "route-dissents": { node: "k1", question: "ip route get 10.42.0.3", predicted: "dev eth0", said: "dev cni0" },
  "route-line": { node: "k1", question: "ip route get 10.42.0.3", answer: "10.42.0.3 dev cni0" },
  "route-refused": { node: "k2", question: "ip route get 10.42.0.3 iif eth0", answer: "No route to host" },
  "capture-arrives": { probes: 12 },
  "capture-title": { leg: "request", from: "k1", to: "10.42.0.3:8080", probes: 3, recorded: true },
  "capture-line": {
    node: "k2",
    count: null,
    hops: [
      { name: "eth0 in", last: false },
      { name: "cni0 out", last: true },
    ],
  },
  "capture-alike": { flows: 2, ways: ["k1 → 10.42.0.4:8080"] },
  "capture-lost": { taps: ["k2/host"] },
  "kernel-counter": { node: "k2", name: "IpInAddrErrors", delta: 3 },
  "kernel-rule": { node: "k2", rule: "-A FORWARD -j DROP", packets: 3 },
  "kernel-reason": { reason: "IP_INADDRERRORS", count: 3 },
  "kernel-quiet": {},
  "offline-captures": { flows: 7 },
  "not-probed-offline": {},
  "not-needed": {},
  "not-tried": {},
  "connected-only": { tries: 3, mute: 3 },
  "not-asked": {},
  "not-read": {},
  "capture-unheard": { probes: 3 },
  "capture-elsewhere": { places: ["k2 eth0 in"] },
};

export const FORWARDING: FoundCause = {
  id: "ip-forward-off",
  node: "k2",
  netns: "host",
  object: "net.ipv4.ip_forward",
  found: "0",
  wanted: "1",
  culprit: null,
  params: { node: "k2", netns: "host", object: "net.ipv4.ip_forward", found: "0", wanted: "1" },
};

const LADDER: readonly Rung[] = [
  {
    rung: "http",
    status: "failed",
    headline: finding("answers-some", EVERY_FINDING["answers-some"]),
    lines: [finding("http-from", EVERY_FINDING["http-from"])],
    evidence: ["e1"],
  },
  { rung: "kernel", status: "skipped", headline: finding("not-needed", {}), lines: [], evidence: [] },
];

/** A hunt that found the incident, in all its parts. */
export const BROKEN: Conclusion = {
  symptom: {
    input: "http://192.168.6.141:30007/",
    kind: "url",
    namespace: "default",
    from: "this machine",
    place: null,
  },
  outcome: "broken",
  confidence: "confirmed",
  cause: FORWARDING,
  otherCauses: [
    {
      ...FORWARDING,
      id: "forward-drop",
      node: "k3",
      object: "rule iptables-nft:filter/FORWARD#1",
      found: "-A FORWARD -j DROP",
      wanted: null,
      params: {
        ...FORWARDING.params,
        node: "k3",
        object: "rule iptables-nft:filter/FORWARD#1",
        found: "-A FORWARD -j DROP",
      },
      confidence: "likely",
    },
  ],
  lastHop: {
    node: "k2",
    netns: "host",
    interface: "flannel.1",
    direction: "in",
    leg: "request",
    header: "inner",
    expectedNext: "cni0",
    disposition: "FORWARDING_OFF",
    reason: "IP_INADDRERRORS",
  },
  ladder: LADDER,
  branches: [{ to: "10.42.0.3:8080", attempts: 4, answered: 0, predicted: "FORWARDING_OFF" }],
  path: [
    {
      node: "k2",
      netns: "host",
      interface: "flannel.1",
      direction: "in",
      leg: "request",
      header: "inner",
      predicted: true,
      witnessed: true,
    },
  ],
  evidence: [
    { id: "e1", voice: "witness", node: null, source: "GET", excerpt: "timeout", at: "2026-01-01T00:00:00.000Z" },
  ],
  affected: { pods: ["default/a", "default/b"], services: ["default/frontend"], node: "k2" },
  repairs: [],
  recurrence: [{ by: "systemd-sysctl", when: "next boot", file: "/etc/sysctl.d/99-x.conf", line: 3 }],
  notChecked: [{ what: "drop reasons on k1", why: "tracefs is not mounted" }],
  voices: {
    predict: { disposition: "FORWARDING_OFF", node: "k2", detail: "net.ipv4.conf.flannel/1.forwarding = 0" },
    ask: {
      question: "ip route get 10.42.0.3 iif flannel.1",
      answer: "RTNETLINK answers: No route to host",
      agrees: true,
      plainAlsoFine: true,
    },
    witness: { seen: 3, of: 3, node: "k2", at: "flannel.1 in" },
    whatIf: { object: "net.ipv4.ip_forward", wanted: "1", delivers: true },
    dissent: [],
  },
  offline: false,
  timeline: [
    event(0, 50, "objects-read", { nodes: 3, pods: 5, services: 4 }),
    event(2940, null, "concluded", { outcome: "broken" }),
  ],
  timings: { openMs: 100, totalMs: 2940 },
};

const SILENT = { predict: null, ask: null, witness: null, whatIf: null, dissent: [] };

export const HEALTHY: Conclusion = {
  ...BROKEN,
  outcome: "healthy",
  confidence: null,
  cause: null,
  otherCauses: [],
  lastHop: null,
  affected: { pods: [], services: [], node: null },
  recurrence: [],
  notChecked: [],
  voices: SILENT,
};

export const UNKNOWN: Conclusion = { ...HEALTHY, outcome: "unknown", notChecked: BROKEN.notChecked };

/** Broken, and nobody knows why. */
export const CAUSELESS: Conclusion = {
  ...BROKEN,
  confidence: "suspected",
  cause: null,
  otherCauses: [],
  recurrence: [],
};
