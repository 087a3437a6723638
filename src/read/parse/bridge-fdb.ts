import { parseIp } from "../../facts/ip.ts";
import type { FdbEntry } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Parsed } from "./parsed.ts";
import { because, linesOf, Problems, parseU32, wordsOf } from "./parsed.ts";

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
/** Words followed by one value that the entry does not keep. */
const IGNORED = new Set(["src_vni", "link-netnsid", "used", "updated", "nhid", "activity_notify"]);
const FLAGS = new Set([
  "static",
  "stale",
  "extern_learn",
  "offload",
  "sticky",
  "router",
  "added_by_user",
  "reachable",
  "locked",
  "norefresh",
  "inactive",
  "blackhole",
  "local",
  "dynamic",
  "noarp",
  "offloaded",
]);

/** `bridge [-d] fdb show`. */
export function parseFdb(text: string, source: Source): Parsed<readonly FdbEntry[]> {
  const problems = new Problems();
  const entries: FdbEntry[] = [];
  for (const line of linesOf(text)) {
    const words = wordsOf(line.text);
    const mac = words[0] ?? "";
    const value = new Map<string, string>();
    const flags = new Set<string>();
    for (let i = 1; i < words.length; i += 1) {
      const word = words[i] ?? "";
      if (word === "self" || word === "permanent" || FLAGS.has(word)) flags.add(word);
      else if (/^(?:dev|dst|port|vni|via|vlan|master)$/.test(word) || IGNORED.has(word)) {
        i += 1;
        value.set(word, words[i] ?? "");
      } else problems.add(line, phrase("unknown-word", { word: word.slice(0, 40) }));
    }
    const dev = value.get("dev");
    const dstText = value.get("dst");
    const dst = dstText === undefined ? null : parseIp(dstText);
    if (!MAC.test(mac) || dev === undefined || (dstText !== undefined && dst === null)) {
      problems.add(line, phrase("no-forwarding-entry"));
      continue;
    }
    entries.push({
      mac: mac.toLowerCase(),
      dev,
      vlan: parseU32(value.get("vlan")),
      master: value.get("master") ?? null,
      self: flags.has("self"),
      dst,
      dstPort: parseU32(value.get("port")),
      vni: parseU32(value.get("vni")),
      via: value.get("via") ?? null,
      permanent: flags.has("permanent"),
      sticky: flags.has("sticky"),
      because: because(source, line),
    });
  }
  return { value: entries, problems: problems.list() };
}
