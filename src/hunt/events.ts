/** What was done on the way to a conclusion, as data: `tell/i18n` has a sentence for every code. */
export interface Events {
  "objects-read": { readonly nodes: number; readonly pods: number; readonly services: number };
  "facts-read": { readonly nodes: readonly string[] };
  "recording-read": { readonly nodes: readonly string[] };
  /** Every tap that will ever say it had said that it listens. */
  "taps-listened": { readonly taps: number; readonly nodes: readonly string[] };
  "probes-sent": { readonly to: string; readonly flows: number; readonly tries: number; readonly answered: number };
  "taps-stopped": { readonly frames: number; readonly deaf: number };
  /** Of a recording: by the clock of the node that made it. */
  "packets-recorded": { readonly node: string; readonly frames: number };
  "gateway-followed": { readonly pod: string; readonly to: string };
  "kernels-asked": { readonly questions: number };
  "cause-searched": { readonly failures: number };
  "read-again": { readonly node: string; readonly isRead: boolean };
  concluded: { readonly outcome: "healthy" | "broken" | "unknown" };
}

/**
 * `at` is when it began, by our own clock unless the code says otherwise; `ms` how long it took, null for a moment, and where
 * no clock went on.
 */
export type Event = {
  readonly [K in keyof Events]: {
    readonly at: string;
    readonly ms: number | null;
    readonly code: K;
    readonly params: Events[K];
  };
}[keyof Events];

/** @param until null for a moment */
export function event<K extends keyof Events>(from: number, until: number | null, code: K, params: Events[K]): Event {
  const ms = until === null || until === from ? null : Math.max(0, until - from);
  return { at: new Date(from).toISOString(), ms, code, params } as Event;
}
