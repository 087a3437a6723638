import { incident as en, type IncidentWords } from "./en.ts";
import { incident as zh } from "./zh.ts";

export const INCIDENT_WORDS: Readonly<Record<"en" | "zh", IncidentWords>> = { en, zh };
