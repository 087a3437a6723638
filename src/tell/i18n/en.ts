import { bundleErrors, snapshot } from "./bundle/en.ts";
import { demo } from "./demo/en.ts";
import { findings } from "./findings/en.ts";
import { changeErrors, repair } from "./repair/en.ts";
import { verdict } from "./verdict/en.ts";

/** Every word that a person reads outside of causes: a folder for each subject, with `en.ts` and `zh.ts` side by side. */
export const en = { ...verdict, findings, repair, changeErrors, demo, snapshot, bundleErrors };

/** What every language says. A sentence that one of them lacks is a compile error. */
export type Words = typeof en;
