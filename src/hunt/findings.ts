import type { Phrase } from "../facts/phrase.ts";
import type { RungName } from "../verdict/verdict.ts";

/** What a rung found, as data: `tell/i18n` has a sentence for every code, in every language. */
export interface Findings {
  "delivered-all": { readonly tries: number };
  "answers-all": { readonly tries: number; readonly ms: number };
  "answers-some": { readonly failed: number; readonly tries: number; readonly how: readonly AnswerCount[] };
  /** `status` null: connected, and no answer came. */
  "http-from": { readonly status: number | null; readonly pod: string; readonly node: string };
  "gateway-log": { readonly line: string };
  "gateway-connects": { readonly count: number; readonly to: string };
  "gateway-socket": { readonly pod: string; readonly state: string; readonly to: string };
  /** Connections that stand, without an answer; the most bytes that one sent and nobody acknowledged. */
  "gateway-request": { readonly to: string; readonly count: number; readonly unacknowledged: number };
  "gateway-conntrack": { readonly node: string; readonly to: string; readonly count: number };
  /** Connections of before that were answered, to what it would not reach now. */
  "gateway-used": { readonly node: string; readonly to: string; readonly count: number };
  /** Nothing tells whom it asks; a Service of its own namespace it would not reach. */
  "gateway-beside": { readonly pod: string; readonly service: string; readonly to: string };
  "upstream-named": { readonly pod: string; readonly to: string; readonly service: string | null };
  "upstream-unknown": { readonly pod: string };
  "service-found": {
    readonly name: string;
    readonly address: string;
    readonly port: number;
    readonly nodePort: number | null;
  };
  "no-service": Record<never, never>;
  "endpoints-ready": { readonly ready: number; readonly total: number; readonly shown: readonly Phrase[] };
  "endpoints-none-ready": { readonly total: number };
  "endpoints-not-read": Record<never, never>;
  "endpoints-none": { readonly selector: string };
  "selector-matches": { readonly selector: string; readonly pods: number; readonly near: string | null };
  "endpoint-not-pod": { readonly address: string };
  "pods-ready": { readonly ready: number; readonly total: number };
  "pods-not-ready": { readonly pods: readonly string[] };
  "pods-answer-at-home": { readonly answered: number; readonly total: number; readonly ms: number };
  "pods-silent-at-home": { readonly pods: readonly string[] };
  "reach-line": {
    readonly from: string;
    readonly to: string;
    readonly answered: number;
    readonly attempts: number;
    readonly how: readonly AnswerCount[];
  };
  /** Connections that it opened itself: what was said on them arrived, and was answered. */
  "reach-own": {
    readonly from: string;
    readonly to: string;
    readonly attempts: number;
    readonly delivered: number;
    readonly answered: number;
  };
  /** It could not be read, and did not answer these. */
  "node-silent": {
    readonly node: string;
    readonly address: string;
    readonly ready: boolean | null;
    readonly askers: readonly string[];
    readonly neighbour: string | null;
  };
  "route-agrees": { readonly questions: number };
  "route-dissents": {
    readonly node: string;
    readonly question: string;
    readonly predicted: Phrase;
    readonly said: Phrase;
  };
  "route-line": { readonly node: string; readonly question: string; readonly answer: string };
  "route-refused": { readonly node: string; readonly question: string; readonly answer: string };
  "capture-arrives": { readonly probes: number };
  "capture-title": {
    readonly leg: "request" | "reply";
    readonly from: string;
    readonly to: string;
    readonly probes: number;
    /** Of a recording: nobody tagged them. */
    readonly recorded?: true;
  };
  /** Hops of one place that were seen equally often; null where silence proves nothing. */
  "capture-line": {
    readonly node: string;
    readonly count: number | null;
    readonly hops: readonly { readonly name: Phrase; readonly last: boolean }[];
  };
  /** Recorded flows of other ways that were last seen at the same place. */
  "capture-alike": { readonly flows: number; readonly ways: readonly string[] };
  "capture-lost": { readonly taps: readonly string[] };
  "kernel-counter": { readonly node: string; readonly name: string; readonly delta: number };
  "kernel-rule": { readonly node: string; readonly rule: string; readonly packets: number };
  "kernel-reason": { readonly reason: string; readonly count: number };
  "kernel-quiet": Record<never, never>;
  "offline-captures": { readonly flows: number };
  "not-probed-offline": Record<never, never>;
  "not-needed": Record<never, never>;
  /** Nothing could be sent. */
  "not-tried": Record<never, never>;
  /** Of so many tries, so many could not go on to ask. */
  "connected-only": { readonly tries: number; readonly mute: number };
  /** No kernel on the way could be asked. */
  "not-asked": Record<never, never>;
  "not-read": Record<never, never>;
  /** Answered, and not heard of everywhere. */
  "capture-unheard": { readonly probes: number };
  "capture-elsewhere": { readonly places: readonly Phrase[] };
}

export interface AnswerCount {
  /** answered, refused, unreachable, timeout, reset, or an HTTP status. */
  readonly outcome: string;
  readonly count: number;
}

export type Finding = {
  readonly [K in keyof Findings]: { readonly code: K; readonly params: Findings[K] };
}[keyof Findings];

export function finding<K extends keyof Findings>(code: K, params: Findings[K]): Finding {
  return { code, params } as Finding;
}

/** One rung of the ladder as it is climbed down: its headline, and lines below it. */
export interface Rung {
  readonly rung: RungName;
  readonly status: "ok" | "failed" | "skipped" | "unknown";
  readonly headline: Finding;
  readonly lines: readonly Finding[];
  readonly evidence: readonly string[];
}
