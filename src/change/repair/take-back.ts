import { phrase } from "../../facts/phrase.ts";
import { ChangeError } from "../change-error.ts";
import { type ChangeContext, openHands, seeNow } from "./apply.ts";
import { carryOut, type Hands } from "./hands.ts";
import type { JournalEntry } from "./journal/entry.ts";
import { readIdentity, STATE_DIR, standingOf, writeEntry } from "./journal/journal.ts";
import type { BoundRepair, UndoView } from "./kind.ts";
import { readPersistFile, withoutKey, writePersistFile } from "./persist/persist.ts";
import { kindOf } from "./registry.ts";

export interface TakenBack {
  readonly entry: JournalEntry;
  /** Commands that were run, in order. */
  readonly commands: readonly (readonly string[])[];
  /**
   * `gone`: a reboot had taken the runtime change; the file, if any, was restored. `in-force`: so it was, but at boot the file
   * set the value again, which lasts until the next one. `gone-with-pod`: its namespace is no more.
   */
  readonly runtime: "restored" | "untouched" | "gone" | "in-force" | "gone-with-pod";
  readonly file: "restored" | "untouched";
}

/** A change may need several looks: a link goes down, then what went with it comes back. */
const MOST_ROUNDS = 5;
const MOST_PARTS = 20;

/** Takes one entry back. @throws ChangeError already-undone, already-gone, not-what-we-left, not-restored, unreadable … */
export async function takeBack(entry: JournalEntry, context: ChangeContext, force: boolean): Promise<TakenBack> {
  if (entry.status === "undone") throw new ChangeError("already-undone", entry.node, entry.id);
  const { repair } = entry;
  const bound = kindOf(repair.id).bind(repair.params);
  const { host } = await openHands(entry.node, "host", context);
  const standing = standingOf(entry, await readIdentity(host), host.node);
  if (standing === "foreign") throw new ChangeError("journal-not-found", host.node, entry.id);
  const gone = standing === "expired";
  if (gone && entry.persist === null) throw new ChangeError("already-gone", host.node, entry.id);

  const restore = await filePlan(entry, host, force);
  const done = gone ? [] : await restoreRuntime(entry, bound, context, force);
  const restored = done === null ? "gone-with-pod" : done.length > 0 ? "restored" : "untouched";
  if (restore !== undefined) await writePersistFile(host, restore);
  const runtime = gone ? await bootedTo(bound, host, context) : restored;
  const undone: JournalEntry = { ...entry, status: "undone", undoneAt: context.now().toISOString() };
  await writeEntry(host, context.stateDir ?? STATE_DIR, undone, "old");
  return {
    entry: undone,
    commands: done ?? [],
    runtime,
    file: restore === undefined ? "untouched" : "restored",
  };
}

/** At boot the file had set the value again, unless something else was stronger: taking its line out changes nothing now. */
async function bootedTo(bound: BoundRepair, host: Hands, { api }: ChangeContext): Promise<"gone" | "in-force"> {
  const now = await seeNow(bound, host, api);
  return bound.judge(now, undefined, null) === "as-wanted" ? "in-force" : "gone";
}

/** The content to write; undefined when the file is as it was. Looked at before anything is changed. */
async function filePlan(entry: JournalEntry, host: Hands, force: boolean): Promise<string | null | undefined> {
  if (entry.persist === null) return undefined;
  const present = await readPersistFile(host);
  const { content, disturbed } = withoutKey(present, entry.persist);
  if (disturbed && !force)
    throw new ChangeError("not-what-we-left", host.node, `${entry.persist.path}: ${entry.persist.key}`);
  return content === present ? undefined : content;
}

/** The commands that were run; null where the pod that was changed is no more. */
async function restoreRuntime(
  entry: JournalEntry,
  bound: BoundRepair,
  context: ChangeContext,
  force: boolean,
): Promise<readonly (readonly string[])[] | null> {
  if (bound.volatile) return [];
  const { hands } = await openHands(bound.on === "api" ? null : entry.node, entry.repair.netns, context);
  // A pod of a StatefulSet, or a static one, comes back under its name in another namespace, which the change never met.
  if (entry.pod !== undefined && (await readIdentity(hands)).netns !== entry.pod) return null;
  const first = await seeNow(bound, hands, context.api);
  const after = leftBy(entry, bound, first, force);
  const view: UndoView<unknown> = { before: entry.before, after, first, present: first };
  const disturbed = bound.disturbed(view);
  // With force, what is there now counts as ours.
  const settled = disturbed.length === 0 ? view : { ...view, after: first };
  if (disturbed.length > 0 && !force) {
    throw new ChangeError("not-what-we-left", hands.node, phrase("several", { parts: disturbed.slice(0, MOST_PARTS) }));
  }
  const done: (readonly string[])[] = [];
  let now = settled;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const acts = bound.undo(now);
    if (acts.length === 0) break;
    for (const act of acts) {
      await carryOut(act, hands, context.api);
      done.push(
        "argv" in act ? act.argv : ["kubectl", "patch", act.object.kind, act.object.name, JSON.stringify(act.patch)],
      );
    }
    now = { ...settled, present: await seeNow(bound, hands, context.api) };
  }
  const remaining = bound.remaining(now);
  if (remaining.length > 0)
    throw new ChangeError("not-restored", hands.node, phrase("several", { parts: remaining.slice(0, MOST_PARTS) }));
  return done;
}

/**
 * What our change left. An entry that was interrupted has no after-image: then the present is ours when the change is in
 * force, and untouched when it is not; anything else is somebody's.
 */
function leftBy(entry: JournalEntry, bound: BoundRepair, first: unknown, force: boolean): unknown {
  if (entry.after !== null && entry.after !== undefined) return entry.after;
  if (force || bound.judge(first, undefined, entry.before) === "as-wanted") return first;
  return entry.before;
}
