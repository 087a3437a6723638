import type { Conclusion } from "../../hunt/conclusion.ts";
import { padTo } from "../columns.ts";
import type { Words } from "../i18n/en.ts";
import { phraseText } from "../i18n/phrases.ts";
import { printable } from "./finding-text.ts";

/** What an answer rests on, a line for each piece of evidence, and where the time went. */
export function workText({ evidence, timings }: Pick<Conclusion, "evidence" | "timings">, words: Words): string {
  const sources = evidence.map(({ id, node, source }) =>
    printable(`${padTo(id, 4)} ${padTo(node ?? "", 10)} ${phraseText(source, words)}`),
  );
  const spent = Object.entries(timings).map(([key, ms]) => {
    const name = key.replace(/Ms$/, "");
    return `${words.took[name] ?? name} ${Math.round(ms)} ms`;
  });
  return [...sources, spent.join(" · ")].join("\n");
}
