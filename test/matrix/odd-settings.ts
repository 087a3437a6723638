import { ODD_LINKS } from "./odd-links.ts";
import { ODD_RULES } from "./odd-netfilter.ts";
import { ODD_ROUTES } from "./odd-routes.ts";
import type { OddSetting } from "./odd-setting.ts";
import { ODD_SWITCHES } from "./odd-switches.ts";

export const ODD_SETTINGS: readonly OddSetting[] = [...ODD_RULES, ...ODD_ROUTES, ...ODD_LINKS, ...ODD_SWITCHES];
