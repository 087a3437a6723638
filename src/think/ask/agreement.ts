import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { Step } from "../walk/branch.ts";
import { ERRORS, type Prediction } from "./prediction.ts";
import type { Question } from "./question.ts";
import { type RouteWords, readRoute } from "./route-words.ts";

/** How a command ended; `status` null when it did not run or did not end by itself. */
export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The kernel's word against the walk's. Null: they cannot be compared, and `why` says it. */
export interface Agreement {
  readonly step: Step;
  /** As it was typed. */
  readonly question: string;
  /** As it was answered: the first line. */
  readonly answer: string;
  readonly predicted: Phrase;
  readonly said: Phrase;
  readonly agrees: boolean | null;
  readonly why: Phrase | null;
}

type Said =
  | { readonly said: "route"; readonly route: RouteWords }
  | { readonly said: "error"; readonly error: string }
  | { readonly said: "nothing"; readonly why: Phrase };

/** @see ip-route(8), `ip route get`. */
export function judge(question: Question, answer: Answer): Agreement {
  const said = readAnswer(answer);
  const { predicted, step } = question;
  const verdict = compare(predicted, said);
  return {
    step,
    question: question.argv.join(" "),
    answer: firstLine(answer.stdout) || firstLine(answer.stderr),
    predicted: predictedText(predicted),
    said: said.said === "route" ? routeWordsText(said.route) : said.said === "error" ? said.error : said.why,
    agrees: verdict.agrees,
    why: verdict.why,
  };
}

/** An error of the kernel begins with `RTNETLINK answers:`; anything else on standard error is the tool's own trouble. */
export function readAnswer(answer: Answer): Said {
  const route = readRoute(firstLine(answer.stdout));
  if (route !== null) {
    const error = /(?:^|\s)error (-?\d+)/.exec(answer.stdout.slice(0, 2000))?.[1];
    if (error === undefined) return { said: "route", route };
  }
  const error = /RTNETLINK answers: ([^\n]{1,200})/.exec(answer.stderr.slice(0, 10_000))?.[1];
  if (error !== undefined) return { said: "error", error: error.trim() };
  const why = firstLine(answer.stderr) || firstLine(answer.stdout);
  return { said: "nothing", why: why === "" ? phrase("no-answer") : why };
}

function compare(predicted: Prediction, said: Said): { readonly agrees: boolean | null; readonly why: Phrase | null } {
  if (predicted.says === "nothing") return { agrees: null, why: predicted.why };
  if (said.said === "nothing") return { agrees: null, why: said.why };
  if (predicted.says === "error") return compareError(predicted, said);
  if (said.said === "error") return disagree(predicted, said.error);
  const { route } = said;
  if (route.type !== "unicast" && route.type !== "local") {
    return disagree(predicted, route.type);
  }
  if ((predicted.says === "local") !== (route.type === "local")) return disagree(predicted, routeWordsText(route));
  if (predicted.says === "local") return { agrees: true, why: null };
  if (predicted.dev !== null && predicted.dev !== route.dev) return disagree(predicted, routeWordsText(route));
  if (predicted.via !== null && predicted.via !== route.via) return disagree(predicted, routeWordsText(route));
  return { agrees: true, why: null };
}

function compareError(
  predicted: Extract<Prediction, { says: "error" }>,
  said: Exclude<Said, { said: "nothing" }>,
): { readonly agrees: boolean | null; readonly why: Phrase | null } {
  if (said.said === "route") {
    // Since 2.6.39 a refusing route is an error; where it is shown instead, its type says the same.
    const shown = { blackhole: "BLACKHOLE_ROUTE", unreachable: "UNREACHABLE_ROUTE", prohibit: "PROHIBIT_ROUTE" };
    if (Object.entries(shown).some(([type, end]) => type === said.route.type && end === predicted.disposition)) {
      return { agrees: true, why: null };
    }
    return disagree(predicted, routeWordsText(said.route));
  }
  const words = said.error.toLowerCase();
  const fits = ERRORS[predicted.disposition]?.some((error) => error.toLowerCase() === words) ?? false;
  return fits ? { agrees: true, why: null } : disagree(predicted, said.error);
}

function disagree(predicted: Prediction, said: string) {
  return { agrees: false, why: phrase("kernel-differs", { predicted: predictedText(predicted), said }) } as const;
}

function predictedText(predicted: Prediction): Phrase {
  switch (predicted.says) {
    case "local":
      return "local";
    case "route":
      return [
        predicted.via === null ? "" : `via ${predicted.via}`,
        predicted.dev === null ? "" : `dev ${predicted.dev}`,
      ]
        .filter((word) => word !== "")
        .join(" ");
    case "error":
      return predicted.error;
    case "nothing":
      return predicted.why;
  }
}

function routeWordsText(route: RouteWords): string {
  const words = route.type === "unicast" ? [] : [route.type];
  if (route.via !== null) words.push(`via ${route.via}`);
  if (route.dev !== null) words.push(`dev ${route.dev}`);
  return words.join(" ");
}

function firstLine(text: string): string {
  return (text.slice(0, 2000).split("\n")[0] ?? "").trim();
}
