import { ChangeError } from "../change/change-error.ts";
import { type Phrase, phrase } from "../facts/phrase.ts";
import { ToldError } from "../facts/told-error.ts";
import { HuntError } from "../hunt/hunt-error.ts";
import { LabError } from "../lab/lab-error.ts";
import { BundleError } from "../read/bundle/bundle-error.ts";
import { WORDS } from "../tell/i18n/language.ts";
import { phraseText } from "../tell/i18n/phrases.ts";
import { errorText, problemText } from "../tell/report/repair-text.ts";
import { spokenLanguage } from "./spoken-language.ts";

/** Every command's way to say that it could not do its work: what happened, and what to do next. */
export function tellError(error: unknown): void {
  process.stderr.write(`${textOf(error)}\n`);
}

/** What went wrong beside the work itself, which is done: what happened, and what to do next. */
export function tellWarning(told: Phrase, hint: Phrase): void {
  process.stderr.write(`${toldText(told, hint)}\n`);
}

function textOf(error: unknown): string {
  const language = spokenLanguage();
  const words = WORDS[language];
  if (error instanceof ChangeError) return errorText(error, { words });
  if (error instanceof BundleError) {
    const { file, code, detail } = error;
    return problemText(words.inOneLine([file, words.bundleErrors[code], detail]), words.bundleHints[code]);
  }
  if (error instanceof LabError) return problemText(error.told[language], error.hint[language]);
  if (error instanceof ToldError) return toldText(error.told, error.hint);
  if (error instanceof HuntError) {
    const { told, hint } = huntPhrases(error);
    return toldText(told, hint);
  }
  if (!(error instanceof Error)) return toldText(String(error), null);
  return toldText(`${error.name}: ${error.message}`, phrase("own-fault"));
}

function toldText(told: Phrase, hint: Phrase | null): string {
  const words = WORDS[spokenLanguage()];
  return problemText(phraseText(told, words), hint === null ? null : phraseText(hint, words));
}

function huntPhrases({ problem }: HuntError): { readonly told: Phrase; readonly hint: Phrase | null } {
  switch (problem.error) {
    case "no-place-to-send-from":
      return { told: phrase("no-place-to-send-from"), hint: phrase("name-a-place") };
    case "place-not-read":
      return {
        told: phrase("place-not-read", { from: problem.from, why: problem.why }),
        hint: phrase("choose-place"),
      };
    case "no-such-place":
      return { told: phrase("no-such-place", { from: problem.from }), hint: thereAre(problem.near) };
    case "no-such-service":
    case "no-such-pod":
    case "no-such-port":
      return { told: phrase(problem.error, { name: problem.name }), hint: thereAre(problem.near) };
    case "pod-without-address":
      return { told: phrase("pod-without-address", { name: problem.name }), hint: phrase("describe-pod") };
    case "service-without-address":
      return { told: phrase("service-without-address", { name: problem.name }), hint: phrase("check-selector") };
    case "service-is-alias":
      return { told: phrase("service-is-alias", { name: problem.name }), hint: phrase("use-address") };
    case "name-not-resolved":
      return {
        told: phrase("name-not-resolved", { name: problem.name }),
        hint: thereAre(problem.near) ?? phrase("use-address"),
      };
  }
}

function thereAre(near: readonly string[]): Phrase | null {
  return near.length === 0 ? null : phrase("there-are", { near });
}
