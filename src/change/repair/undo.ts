import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { Reader } from "../../read/transport/reader.ts";
import { ChangeError } from "../change-error.ts";
import type { ChangeContext } from "./apply.ts";
import { Eyes } from "./hands.ts";
import { byTime, type JournalEntry, runOf } from "./journal/entry.ts";
import { readJournal, STATE_DIR, standingOf } from "./journal/journal.ts";
import { kindOf } from "./registry.ts";
import { type TakenBack, takeBack } from "./take-back.ts";

export interface ListedRepair {
  readonly entry: JournalEntry;
  /**
   * `interrupted`: begun and never ended, `undo` looks what there is to take back; `expired`: a reboot took the change,
   * a persistent file may be left.
   */
  readonly state: "applied" | "failed" | "interrupted" | "undone" | "expired";
}

export interface Listing {
  readonly repairs: readonly ListedRepair[];
  /** Nodes whose journal could not be read (`isUnread`); files in it that are no entries. */
  readonly problems: readonly { readonly node: NodeName; readonly why: Phrase; readonly isUnread: boolean }[];
}

/** The journals of all nodes, oldest first. A node that does not answer is a problem of the listing, no exception. */
export async function listRepairs(
  reader: Reader,
  options: { readonly nodes?: readonly NodeName[]; readonly stateDir?: string } = {},
): Promise<Listing> {
  const repairs = new Map<string, ListedRepair>();
  const problems: { node: NodeName; why: Phrase; isUnread: boolean }[] = [];
  await Promise.all(
    (options.nodes ?? reader.nodes).map(async (node) => {
      try {
        const journal = await readJournal(new Eyes(reader, node, null), options.stateDir ?? STATE_DIR);
        for (const file of journal.spoilt) {
          problems.push({ node, why: phrase("journal-spoilt", { file }), isUnread: false });
        }
        for (const entry of journal.entries) {
          const expired = standingOf(entry, journal.identity, node) === "expired";
          const key = `${entry.id} ${entry.identity.netns}`;
          // One namespace may be reached by two names: the one it was repaired by is better.
          if (repairs.has(key) && entry.node !== node) continue;
          repairs.set(key, { entry: { ...entry, node }, state: stateOf(entry, expired) });
        }
      } catch (error) {
        if (!(error instanceof ChangeError)) throw error;
        problems.push({ node, why: error.detail, isUnread: true });
      }
    }),
  );
  const sorted = [...repairs.values()].sort((a, b) => byTime(a.entry, b.entry));
  return { repairs: sorted, problems };
}

function stateOf(entry: JournalEntry, expired: boolean): ListedRepair["state"] {
  if (entry.status === "undone") return "undone";
  if (expired) return "expired";
  return entry.status === "applying" ? "interrupted" : entry.status;
}

export interface UndoPlan {
  /** Latest first: they are taken back in the reverse order. */
  readonly entries: readonly JournalEntry[];
  /** The forward commands that will be taken back, per entry, for people. */
  readonly takesBack: readonly (readonly (readonly string[])[])[];
}

/**
 * `which`: an entry's id, a run's id (all its steps), or `latest`: the last run that is not undone, which only the journals of all
 * nodes together tell.
 * @throws ChangeError journal-not-found, journal-unread, already-undone, already-gone
 */
export async function planUndo(
  reader: Reader,
  which: string,
  options: { readonly nodes?: readonly NodeName[]; readonly stateDir?: string } = {},
): Promise<UndoPlan> {
  const { repairs, problems } = await listRepairs(reader, options);
  const unread = problems.find(({ isUnread }) => isUnread);
  if (which === "latest" && unread !== undefined) throw new ChangeError("journal-unread", unread.node, unread.why);
  const isOpen = ({ entry, state }: ListedRepair) =>
    state !== "undone" && (state !== "expired" || entry.persist !== null);
  const latest = repairs.findLast(isOpen);
  const run = which === "latest" ? (latest === undefined ? null : runOf(latest.entry)) : which;
  const named = repairs.filter(({ entry }) => entry.id === run || runOf(entry) === run);
  if (named.length === 0) throw new ChangeError("journal-not-found", null, which);
  const open = named.filter(isOpen);
  if (open.length === 0) {
    const code = named.every(({ state }) => state === "undone") ? "already-undone" : "already-gone";
    throw new ChangeError(code, named[0]?.entry.node ?? null, which);
  }
  const entries = open.map(({ entry }) => entry).reverse();
  return { entries, takesBack: entries.map(({ repair }) => kindOf(repair.id).bind(repair.params).commands) };
}

export interface Undone {
  readonly done: readonly TakenBack[];
  /** What stopped it; entries after it were not touched. */
  readonly error: ChangeError | null;
}

export async function applyUndo(
  plan: UndoPlan,
  context: ChangeContext,
  options: { readonly force: boolean },
): Promise<Undone> {
  const done: TakenBack[] = [];
  for (const entry of plan.entries) {
    try {
      done.push(await takeBack(entry, context, options.force));
    } catch (error) {
      if (!(error instanceof ChangeError)) throw error;
      return { done, error };
    }
  }
  return { done, error: null };
}
