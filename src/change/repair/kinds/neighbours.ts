import { z } from "zod";
import { parseIp } from "../../../facts/ip.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import { type Act, type Answer, defineKind, type Look, linesOf, said, type UndoView } from "../kind.ts";
import { ipText, linkName, macText, netnsParam } from "../params.ts";
import { wordsOf } from "../text/ip-words.ts";
import { isUnresolved, neighbourArgv, neighbourOf } from "./neighbour-line.ts";

const entryParams = z.object({ ip: ipText, dev: linkName, netns: netnsParam });
type EntryParams = z.infer<typeof entryParams>;

const image = z.object({ line: z.string().nullable() });
type Image = z.infer<typeof image>;

function looks(p: EntryParams): Look[] {
  return [{ argv: ["ip", "-o", "neigh", "show", "to", p.ip, "dev", p.dev, "nud", "all"] }];
}

function see(p: EntryParams, answers: readonly Answer[]): Image {
  const wanted = parseIp(p.ip)?.text;
  return { line: linesOf(said(answers)).find((line) => parseIp(neighbourOf(line).ip)?.text === wanted) ?? null };
}

/** What matters of an entry; resolved states come and go by themselves. */
function essence({ line }: Image): string {
  if (line === null) return "absent";
  const { mac, state } = neighbourOf(line);
  if (mac === null || isUnresolved(state)) return "absent";
  return `${mac.toLowerCase()} ${state === "PERMANENT" || state === "NOARP" ? state : "learnt"}`;
}

/** A verdict says `lladdr MAC STATE`, `FAILED`, or nothing. Our own probes move the state on: the MAC is what counts. */
function holdsFound(present: Image, found: string | null | undefined): boolean {
  if (found === undefined) return true;
  const mac = /[0-9a-f]{2}(:[0-9a-f]{2}){5}/i.exec(found ?? "")?.[0];
  return mac === undefined ? essence(present) === "absent" : essence(present).startsWith(mac.toLowerCase());
}

function del(p: EntryParams): string[] {
  return ["ip", "neigh", "del", p.ip, "dev", p.dev];
}

function disturbed(_: EntryParams, { before, after, first }: UndoView<Image>): Phrase[] {
  const now = essence(first);
  if (now === essence(after) || now === essence(before) || now.endsWith("learnt")) return [];
  return [first.line ?? phrase("absent")];
}

function object(p: EntryParams): string {
  return `neigh ${p.ip} dev ${p.dev}`;
}

/** A managed entry (NTF_EXT_MANAGED) takes no address from us: the kernel resolves it anew, at once and by itself. */
function isManaged({ line }: Image): boolean {
  return line !== null && wordsOf(line).includes("managed");
}

function isAsBefore({ before, present }: UndoView<Image>): boolean {
  return essence(before) === essence(present) || (isManaged(before) && isManaged(present));
}

function undo(p: EntryParams, view: UndoView<Image>): Act[] {
  if (isAsBefore(view)) return [];
  const { before } = view;
  if (essence(before) === "absent" || before.line === null) return [{ argv: del(p) }];
  return [{ argv: neighbourArgv(before.line, p.dev) }];
}

function remaining(_: EntryParams, view: UndoView<Image>): Phrase[] {
  const { before, present } = view;
  // Without an entry of its own the kernel may have learnt one meanwhile: that is as before.
  const same = isAsBefore(view) || (essence(before) === "absent" && essence(present).endsWith("learnt"));
  return same ? [] : [present.line ?? phrase("absent")];
}

const shared = { on: "node", image, looks, see, object, disturbed, undo, remaining } as const;

const setParams = entryParams.extend({ mac: macText });
type SetParams = z.infer<typeof setParams>;

function set(p: SetParams): string[] {
  return ["ip", "neigh", "replace", p.ip, "lladdr", p.mac, "dev", p.dev, "nud", "permanent"];
}

export const setNeighbour = defineKind<SetParams, Image>({
  ...shared,
  id: "set-neighbour",
  params: setParams,
  fromEdit: (edit) =>
    edit.do === "set-neighbour" && edit.neighbour.mac !== null
      ? { ip: edit.neighbour.ip.text, dev: edit.neighbour.dev, mac: edit.neighbour.mac }
      : null,
  commands: (p) => [set(p)],
  judge(p, present, found) {
    if (essence(present) === `${p.mac.toLowerCase()} PERMANENT`) return "as-wanted";
    if (holdsFound(present, found)) return "as-found";
    return { other: present.line ?? phrase("absent") };
  },
  acts: (p) => [{ argv: set(p) }],
});

export const removeNeighbour = defineKind<EntryParams, Image>({
  ...shared,
  id: "remove-neighbour",
  params: entryParams,
  fromEdit: (edit) => (edit.do === "remove-neighbour" ? { ip: edit.ip.text, dev: edit.dev } : null),
  commands: (p) => [del(p)],
  judge(_, present, found, before) {
    if (essence(present) === "absent") return "as-wanted";
    if (before !== null)
      return essence(present) === essence(before) ? { other: present.line ?? phrase("absent") } : "as-wanted";
    return holdsFound(present, found) ? "as-found" : { other: present.line ?? phrase("absent") };
  },
  acts: (p) => [{ argv: del(p) }],
});
