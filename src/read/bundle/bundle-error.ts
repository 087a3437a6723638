/** Why a bundle was not written, or not taken, and what helps. */
export const BUNDLE_ERRORS = {
  "not-a-bundle": "give what `lasthop snapshot` wrote, or a directory as docs/bundles.md describes it",
  "newer-format": "it was written by a later version of Lasthop: use that one",
  "bad-manifest": "record it anew; nothing of it was believed",
  "bad-checksum": "it was damaged or edited since it was recorded: copy or record it anew",
  "missing-file": "it was damaged since it was recorded: copy or record it anew",
  "bad-name": "it was not written by Lasthop; nothing outside of a bundle is read or written",
  "bad-entry": "a bundle holds regular files alone: no links, no devices",
  "duplicate-file": "it was not written by Lasthop; each file stands once in a bundle",
  "duplicate-node": "give one bundle of each node",
  damaged: "it is cut short or damaged: copy or record it anew",
  "too-large": "it is larger than any bundle that Lasthop writes",
  "too-many-files": "record fewer nodes at once, and join their bundles by giving --bundle several times",
  "bad-object": "record the Kubernetes objects anew: kubectl get KIND -A -o json",
  unreadable: "may it be read by this user?",
  "disk-full": "nothing is left of it: make room, or choose another place",
  unwritable: "may this user write there?",
} as const satisfies Record<string, string>;

export type BundleErrorCode = keyof typeof BUNDLE_ERRORS;

/** `detail` is data (a name, a number, the system's own words), never a sentence of ours. */
export class BundleError extends Error {
  override name = "BundleError";
  readonly code: BundleErrorCode;
  /** The bundle, as it was given. */
  readonly file: string;
  readonly detail: string;
  readonly hint: string;

  constructor(code: BundleErrorCode, file: string, detail: string, options?: ErrorOptions) {
    super(`${file}: ${code}: ${detail}`, options);
    this.code = code;
    this.file = file;
    this.detail = detail;
    this.hint = BUNDLE_ERRORS[code];
  }
}

/** A failed write as what it is: no room, or no permission. */
export function writeError(file: string, error: unknown): unknown {
  if (error instanceof BundleError || !(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new BundleError("disk-full", file, error.message, { cause: error });
  }
  return code === undefined || code === "ABORT_ERR"
    ? error
    : new BundleError("unwritable", file, error.message, { cause: error });
}
