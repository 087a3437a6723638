import { bundleErrors, bundleHints, snapshot } from "./bundle/en.ts";
import { demo } from "./demo/en.ts";
import { failing } from "./failing/en.ts";
import { findings } from "./findings/en.ts";
import { help } from "./help/en.ts";
import { hunting } from "./hunting/en.ts";
import type { EveryPhrase } from "./phrases.ts";
import { lab } from "./lab/en.ts";
import { reading } from "./reading/en.ts";
import { changeErrors, changeHints, repair } from "./repair/en.ts";
import { verdict } from "./verdict/en.ts";
import { walking } from "./walking/en.ts";
import { witnessing } from "./witnessing/en.ts";

/** What could not be known, and why. */
const phrases: EveryPhrase = { ...reading, ...walking, ...witnessing, ...hunting, ...failing };

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
  phrases,
};

/** What every language says. A sentence that one of them lacks is a compile error. */
export type Words = typeof en;
