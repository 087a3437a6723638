import type { Phrase } from "../facts/phrase.ts";
/** What can go wrong while a node is altered; `tell/i18n` says it, and what helps. */
export const CHANGE_ERRORS = [
  "nothing-to-repair",
  "not-confirmed",
  "not-proven",
  "unknown-repair",
  "bad-params",
  "by-hand",
  "no-node",
  "no-netns",
  "no-api",
  "unreadable",
  "changed-since",
  "already-done",
  "loses-more",
  "command-failed",
  "read-back-differs",
  "journal-unwritable",
  "journal-behind",
  "journal-unread",
  "journal-not-found",
  "already-undone",
  "already-gone",
  "not-what-we-left",
  "not-restored",
  "persist-not-host",
  "persist-shared-file",
  "persist-unwritable",
] as const;

export type ChangeErrorCode = (typeof CHANGE_ERRORS)[number];

/** `detail` is data (a value, a command's own words), never a sentence of ours. */
export class ChangeError extends Error {
  readonly code: ChangeErrorCode;
  /** Null where no node is concerned: an API object, the verdict itself. */
  readonly node: string | null;
  readonly detail: Phrase;

  constructor(code: ChangeErrorCode, node: string | null, detail: Phrase, options?: ErrorOptions) {
    super(
      `${code}${node === null ? "" : ` on ${node}`}: ${typeof detail === "string" ? detail : detail.code}`,
      options,
    );
    this.name = "ChangeError";
    this.code = code;
    this.node = node;
    this.detail = detail;
  }
}
