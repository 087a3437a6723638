/** A failure of the lab that a person can act on: what happened, and what to do next. */
export class LabError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "LabError";
    this.hint = hint;
  }
}

/** Thrown when the caller's signal fired: what was built so far has been taken down again. */
export class LabInterrupted extends LabError {
  constructor(lab: string) {
    super(`Interrupted: lab "${lab}" was taken down again.`, "Nothing is left behind.");
    this.name = "LabInterrupted";
  }
}
