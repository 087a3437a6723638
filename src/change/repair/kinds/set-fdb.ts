import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
import type { FdbEntry } from "../../../facts/netns.ts";
import { type Act, defineKind, linesOf, said, type UndoView } from "../kind.ts";
import { compact, decimal, flag, ipText, linkName, macText, netnsParam } from "../params.ts";
import { wordAfter, wordsOf } from "../text/ip-words.ts";

const params = z.object({
  mac: macText,
  dev: linkName,
  dst: ipText.optional(),
  port: decimal.optional(),
  vni: decimal.optional(),
  via: linkName.optional(),
  vlan: decimal.optional(),
  self: flag.optional(),
  netns: netnsParam,
});
type Params = z.infer<typeof params>;

/** Every entry of this MAC on this device, as `bridge fdb show dev X` prints them. */
const image = z.object({ entries: z.array(z.string()) });
type Image = z.infer<typeof image>;

function words(p: Params): string[] {
  const line = [p.mac.toLowerCase(), "dev", p.dev];
  for (const key of ["dst", "port", "vni", "via", "vlan"] as const) {
    const value = p[key];
    if (value !== undefined) line.push(key, value);
  }
  return [...line, p.self === "true" || p.dst !== undefined ? "self" : "master", "permanent"];
}

/** vxlan_fdb_append: only the all-zero and multicast addresses may have several remotes. */
function takesSeveral(mac: string): boolean {
  return mac === "00:00:00:00:00:00" || (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

function put(p: Params, line: readonly string[]): Act {
  const several = takesSeveral(p.mac.toLowerCase()) && line.includes("dst");
  return { argv: ["bridge", "fdb", several ? "append" : "replace", ...line] };
}

function hasEntry(entries: readonly string[], p: Params): boolean {
  return entries.some((line) => {
    const there = wordsOf(line);
    return (["dst", "port", "vni", "vlan"] as const).every(
      (key) => p[key] === undefined || wordAfter(there, key) === p[key],
    );
  });
}

/** Back into words that `bridge fdb` takes: the bridge's name and namespace ids are display only. */
function entryWords(dev: string, line: string): string[] {
  const [mac = "", ...rest] = wordsOf(line);
  const kept = [mac, "dev", dev];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] as string;
    if (word === "dev" || word === "link-netnsid" || word === "link-netns" || word === "used") i++;
    else if (word === "master") {
      kept.push("master");
      i++;
    } else if (word !== "offload") kept.push(word);
  }
  return kept;
}

function undo(p: Params, { before, present }: UndoView<Image>): Act[] {
  const extra = present.entries.filter((line) => !before.entries.includes(line));
  const lost = before.entries.filter((line) => !present.entries.includes(line));
  const replaced = lost.length > 0 && !takesSeveral(p.mac.toLowerCase());
  return [
    ...(replaced
      ? []
      : extra.map((line): Act => ({ argv: ["bridge", "fdb", "del", ...delWords(entryWords(p.dev, line))] }))),
    ...lost.map((line) => put(p, entryWords(p.dev, line))),
  ];
}

function delWords(line: readonly string[]): string[] {
  return line.filter((word) => !/^(permanent|static|reachable|stale|sticky|extern_learn)$/.test(word));
}

function same(a: Image, b: Image): boolean {
  return a.entries.length === b.entries.length && a.entries.every((line) => b.entries.includes(line));
}

export const setFdb = defineKind<Params, Image>({
  id: "set-fdb",
  on: "node",
  params,
  image,
  fromEdit: (edit) => (edit.do === "set-fdb" ? paramsOfEntry(edit.entry) : null),
  commands: (p) => [put(p, words(p))].flatMap((act) => ("argv" in act ? [act.argv] : [])),
  looks: (p) => [{ argv: ["bridge", "fdb", "show", "dev", p.dev] }],
  see: (p, answers) => ({
    entries: linesOf(said(answers)).filter((line) => line.toLowerCase().startsWith(`${p.mac.toLowerCase()} `)),
  }),
  object: (p) => `fdb ${p.mac} dev ${p.dev}`,
  judge(p, { entries }, found) {
    if (hasEntry(entries, p)) return "as-wanted";
    if (found === undefined || entries.length === 0) return "as-found";
    if (found === null) return { other: entries.join(", ") };
    // `dst IP port N vni N`, several behind commas, as the walk words them: the remotes decide, as whole words.
    const remotes: readonly string[] = found.match(/(?<=\bdst )[^\s,]+/g) ?? [];
    return entries.some((line) => remotes.includes(wordAfter(wordsOf(line), "dst") ?? "none"))
      ? "as-found"
      : { other: entries.join(", ") };
  },
  acts: (p) => [put(p, words(p))],
  disturbed: (_, { before, after, first }) =>
    same(first, after) || same(first, before) ? [] : first.entries.length === 0 ? [phrase("absent")] : first.entries,
  undo,
  remaining: (_, { before, present }) =>
    same(before, present) ? [] : [present.entries.join(", ") || phrase("absent")],
});

function paramsOfEntry(entry: FdbEntry): Record<string, string> {
  return compact({
    mac: entry.mac,
    dev: entry.dev,
    dst: entry.dst?.text,
    port: entry.dstPort,
    vni: entry.vni,
    via: entry.via,
    vlan: entry.vlan,
    self: entry.self ? "true" : null,
  });
}
