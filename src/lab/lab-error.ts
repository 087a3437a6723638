/** What the lab says to people, in every language: it knows nothing of the product's words. */
export interface Said {
  readonly en: string;
  readonly zh: string;
}

/** A failure of the lab that a person can act on: what happened, and what to do next. */
export class LabError extends Error {
  readonly told: Said;
  readonly hint: Said;

  constructor(told: Said, hint: Said, options?: { cause?: unknown }) {
    super(told.en, options);
    this.name = "LabError";
    this.told = told;
    this.hint = hint;
  }
}

/** Thrown when the caller's signal fired: what was built so far has been taken down again. */
export class LabInterrupted extends LabError {
  constructor(lab: string) {
    super(
      {
        en: `Interrupted: lab "${lab}" was taken down again.`,
        zh: `已中断：实验环境“${lab}”已经拆掉。`,
      },
      { en: "Nothing is left behind.", zh: "没有留下任何东西。" },
    );
    this.name = "LabInterrupted";
  }
}
