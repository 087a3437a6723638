import type { Sysctl } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Parsed } from "./parsed.ts";
import { because, linesOf, Problems } from "./parsed.ts";

/** `sysctl -a`: the `net.` keys. A value keeps its tabs; the empty value is the empty string. */
export function parseSysctls(text: string, source: Source): Parsed<readonly Sysctl[]> {
  const problems = new Problems();
  const sysctls: Sysctl[] = [];
  for (const line of linesOf(text)) {
    if (!line.text.startsWith("net.")) continue;
    const equals = line.text.indexOf("=");
    const key = line.text.slice(0, Math.max(equals, 0)).trim();
    if (equals < 0 || key === "" || /\s/.test(key)) {
      problems.add(line, phrase("no-value"));
      continue;
    }
    sysctls.push({ key, value: line.text.slice(equals + 1).trim(), because: because(source, line) });
  }
  return { value: sysctls, problems: problems.list() };
}
