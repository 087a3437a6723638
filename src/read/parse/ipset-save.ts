import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { IpSet } from "../../facts/ruleset.ts";
import type { Parsed } from "./parsed.ts";
import { because, linesOf, Problems } from "./parsed.ts";

const NAME = String.raw`("(?:[^"\\]|\\.)*"|\S+)`;
const CREATE = new RegExp(`^create ${NAME} (\\S+)(.*)$`);
const ADD = new RegExp(`^add ${NAME} (\\S.*)$`);

interface Draft extends IpSet {
  readonly entries: string[];
  /** `/24`, where each address stands for its network: a packet's own is masked before it is looked up (hash_ip4_kadt). */
  readonly suffix: string;
}

/**
 * `ipset save`. An entry keeps its options: `10.0.0.0/8 timeout 99 comment "a b"`, `10.1.0.0/16 nomatch`. One of a set
 * with a netmask is the network that it stands for; a set with another mask says so in its type.
 */
export function parseIpsetSave(text: string, source: Source): Parsed<readonly IpSet[]> {
  const problems = new Problems();
  const sets = new Map<string, Draft>();
  for (const line of linesOf(text)) {
    const create = CREATE.exec(line.text);
    if (create !== null) {
      const name = unquoted(create[1] ?? "");
      const [, , plain = "", options = ""] = create;
      const family = /\sfamily inet6(?:\s|$)/.test(options) ? 6 : 4;
      const [mask = "", , length = ""] = /\s(netmask|bitmask) (\S+)/.exec(options) ?? [];
      const isPlainMask = /^(?:hash|bitmap):ip$/.test(plain) && /^\d+$/.test(length);
      const type = mask === "" || isPlainMask ? plain : `${plain}${mask}`;
      const suffix = isPlainMask ? `/${length}` : "";
      sets.set(name, { name, type, family, entries: [], suffix, because: because(source, line) });
      continue;
    }
    const add = ADD.exec(line.text);
    const set = sets.get(unquoted(add?.[1] ?? ""));
    if (add === null || set === undefined)
      problems.add(line, add === null ? phrase("unknown-command") : phrase("set-not-created"));
    else set.entries.push((add[2] ?? "").trim().replace(/^\S+/, `$&${set.suffix}`));
  }
  return { value: [...sets.values()].map(({ suffix: _, ...set }) => set), problems: problems.list() };
}

function unquoted(name: string): string {
  return name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1).replaceAll(/\\(.)/g, "$1") : name;
}
