import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { IpSet } from "../../facts/ruleset.ts";
import type { Parsed } from "./parsed.ts";
import { because, linesOf, Problems } from "./parsed.ts";

const NAME = String.raw`("(?:[^"\\]|\\.)*"|\S+)`;
const CREATE = new RegExp(`^create ${NAME} (\\S+)(.*)$`);
const ADD = new RegExp(`^add ${NAME} (\\S.*)$`);

/** `ipset save`. An entry keeps its options: `10.0.0.0/8 timeout 99 comment "a b"`, `10.1.0.0/16 nomatch`. */
export function parseIpsetSave(text: string, source: Source): Parsed<readonly IpSet[]> {
  const problems = new Problems();
  const sets = new Map<string, IpSet & { entries: string[] }>();
  for (const line of linesOf(text)) {
    const create = CREATE.exec(line.text);
    if (create !== null) {
      const name = unquoted(create[1] ?? "");
      const family = /\sfamily inet6(?:\s|$)/.test(create[3] ?? "") ? 6 : 4;
      sets.set(name, { name, type: create[2] ?? "", family, entries: [], because: because(source, line) });
      continue;
    }
    const add = ADD.exec(line.text);
    const set = sets.get(unquoted(add?.[1] ?? ""));
    if (add === null || set === undefined)
      problems.add(line, add === null ? phrase("unknown-command") : phrase("set-not-created"));
    else set.entries.push((add[2] ?? "").trim());
  }
  return { value: [...sets.values()], problems: problems.list() };
}

function unquoted(name: string): string {
  return name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1).replaceAll(/\\(.)/g, "$1") : name;
}
