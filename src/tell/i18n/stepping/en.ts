import type { SteppingPhrases } from "../../../facts/phrases/stepping.ts";
import { DISPOSITIONS } from "../../../think/walk/dispositions.ts";
import type { PhraseWords } from "../phrases.ts";

/** Steps of a walk that rest on no line of a tool. */
export const stepping: PhraseWords<SteppingPhrases> = {
  "no-route": () => "no route",
  "no-route-to": (p) => `no route to ${p.address}`,
  "own-address": (p) => `${p.address} is an address of ${p.netns}`,
  "checked-by": (p) => `${p.settings}; ${p.route}`,
  flooded: (p) => `${p.mac} flooded`,
  "other-mac": (p) => `${p.dst} is not ${p.mac}`,
  "answer-lost": (p) => `${p.address} is-at ${p.mac ?? "?"}: lost at ${p.at}`,
  "routed-to": (p) => `routed to ${p.link} of ${p.netns}`,
  "no-remote": () => "no remote",
  "no-tunnel-device": () => "no tunnel device takes it",
  "no-fdb-entry": (p) => `no fdb entry for ${p.mac}`,
  "nobody-listens": (p) => `nobody listens on ${p.protocol} ${p.address}:${p.port}`,
};

/** What stands around the steps. */
export const walkWords = {
  branch: (p: { number: number; of: number }) => `branch ${p.number} of ${p.of}`,
  chance: (p: { chance: string }) => `chance ${p.chance}`,
  legs: { request: "request", reply: "reply" },
  dispositions: DISPOSITIONS as { readonly [K in keyof typeof DISPOSITIONS]: string },
};
