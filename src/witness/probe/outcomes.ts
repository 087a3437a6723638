import type { Outcome } from "./probe.ts";

/** strerror(3) of the C locale, as curl -v, bash, ping, dd and nc print it. */
const ERRNO_WORDS: readonly (readonly [RegExp, Outcome])[] = [
  [/Connection refused/i, "refused"],
  [/Connection reset|reset by peer|Recv failure/i, "reset"],
  [/No route to host|Host (is )?unreachable|Destination Host Unreachable/i, "unreachable"],
  [/Network is unreachable|Cannot assign requested address/i, "no-route"],
  [/Message too long|Frag(mentation)? needed|Packet too big/i, "too-big"],
  [/Connection timed out|Operation timed out|timed out|Time-out/i, "timeout"],
  [
    /(Destination|Dest) .*(Unreachable|Prohibited|Filtered)|Packet filtered|Time to live exceeded|Operation not permitted/i,
    "unreachable",
  ],
];

/** Null when the words name no error that is known. */
export function outcomeOfWords(words: string): Outcome | null {
  for (const [pattern, outcome] of ERRNO_WORDS) if (pattern.test(words)) return outcome;
  return null;
}
