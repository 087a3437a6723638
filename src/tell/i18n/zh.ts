import { bundleErrors, snapshot } from "./bundle/zh.ts";
import { demo } from "./demo/zh.ts";
import type { Words } from "./en.ts";
import { findings } from "./findings/zh.ts";
import { changeErrors, repair } from "./repair/zh.ts";
import { verdict } from "./verdict/zh.ts";

/** The same in Chinese. Terms of the kernel and of Kubernetes stay as they are. */
export const zh: Words = { ...verdict, findings, repair, changeErrors, demo, snapshot, bundleErrors };
