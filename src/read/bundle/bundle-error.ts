/** Why a bundle was not written, or not taken; `tell/i18n` says it, and what helps. */
export const BUNDLE_ERRORS = [
  "not-a-bundle",
  "newer-format",
  "bad-manifest",
  "bad-checksum",
  "missing-file",
  "bad-name",
  "bad-entry",
  "duplicate-file",
  "duplicate-node",
  "damaged",
  "too-large",
  "too-many-files",
  "bad-object",
  "no-such-file",
  "unreadable",
  "disk-full",
  "unwritable",
] as const;

export type BundleErrorCode = (typeof BUNDLE_ERRORS)[number];

/** `detail` is data (a name, a number, the system's own words), never a sentence of ours. */
export class BundleError extends Error {
  override name = "BundleError";
  readonly code: BundleErrorCode;
  /** The bundle, as it was given. */
  readonly file: string;
  readonly detail: string;

  constructor(code: BundleErrorCode, file: string, detail: string, options?: ErrorOptions) {
    super(`${file}: ${code}: ${detail}`, options);
    this.code = code;
    this.file = file;
    this.detail = detail;
  }
}

/** A bundle that cannot be opened: it is not there, or it may not be read. */
export function openError(file: string, error: NodeJS.ErrnoException): BundleError {
  const { code = "", message } = error;
  if (code === "ENOENT" || code === "ENOTDIR") return new BundleError("no-such-file", file, code, { cause: error });
  return new BundleError("unreadable", file, message, { cause: error });
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
