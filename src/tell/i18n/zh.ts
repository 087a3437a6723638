import { bundleErrors, bundleHints, snapshot } from "./bundle/zh.ts";
import { changing } from "./changing/zh.ts";
import { demo } from "./demo/zh.ts";
import type { Words } from "./en.ts";
import { evidence } from "./evidence/zh.ts";
import { failing } from "./failing/zh.ts";
import { findings } from "./findings/zh.ts";
import { help } from "./help/zh.ts";
import { hunting } from "./hunting/zh.ts";
import type { EveryPhrase } from "./phrases.ts";
import { lab } from "./lab/zh.ts";
import { parsing } from "./parsing/zh.ts";
import { reading } from "./reading/zh.ts";
import { changeErrors, changeHints, repair } from "./repair/zh.ts";
import { stepping, walkWords } from "./stepping/zh.ts";
import { verdict } from "./verdict/zh.ts";
import { walking } from "./walking/zh.ts";
import { witnessing } from "./witnessing/zh.ts";

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

/** The same in Chinese. Terms of the kernel and of Kubernetes stay as they are. */
export const zh: Words = {
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
