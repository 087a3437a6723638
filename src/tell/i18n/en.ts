import { bundleErrors, bundleHints, snapshot } from "./bundle/en.ts";
import { changing } from "./changing/en.ts";
import { demo } from "./demo/en.ts";
import { evidence } from "./evidence/en.ts";
import { failing } from "./failing/en.ts";
import { findings } from "./findings/en.ts";
import { help } from "./help/en.ts";
import { hunting } from "./hunting/en.ts";
import type { EveryPhrase } from "./phrases.ts";
import { lab } from "./lab/en.ts";
import { parsing } from "./parsing/en.ts";
import { reading } from "./reading/en.ts";
import { changeErrors, changeHints, repair } from "./repair/en.ts";
import { stepping, walkWords } from "./stepping/en.ts";
import { verdict } from "./verdict/en.ts";
import { walking } from "./walking/en.ts";
import { witnessing } from "./witnessing/en.ts";

/** What could not be known, and why. */
const phrases: EveryPhrase = {
  ...reading,
  ...parsing,
  ...walking,
  ...stepping,
  ...witnessing,
  ...hunting,
  ...changing,
  ...evidence,
  ...failing,
};

/** Every word that a person reads outside of causes: a folder for each subject, with `en.ts` and `zh.ts` side by side. */
export const en = {
  ...verdict,
  findings,
  repair,
  changeErrors,
  changeHints,
  lab,
  help,
  demo,
  snapshot,
  bundleErrors,
  bundleHints,
  walk: walkWords,
  phrases,
};

/** What every language says. A sentence that one of them lacks is a compile error. */
export type Words = typeof en;
