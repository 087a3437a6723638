import { phrase } from "../../../facts/phrase.ts";
import { ChangeError } from "../../change-error.ts";
import { parseFramed, PRINT_FILES } from "../framed-files.ts";
import type { Eyes, Hands } from "../hands.ts";
import { byTime, type JournalEntry, type NodeIdentity, parseEntry } from "./entry.ts";

/** Root's alone: a journal tells what a node can be made to do. */
export const STATE_DIR = "/var/lib/lasthop";

/**
 * A namespace is told by its inode. Those numbers are used again, so for one that a mount holds (`ip netns add`, a
 * container) the time of its making is added: the inode lives as long as the mount does. The one of init lives as long as
 * the boot; what holds it comes and goes (`ip netns attach`, a container of the host's network) and tells nothing.
 */
const IDENTITY = `netns=$(readlink /proc/self/ns/net) || exit 1
made=
[ "$netns" != "$(readlink /proc/1/ns/net 2>/dev/null)" ] &&
  grep -qF " $netns " /proc/self/mountinfo 2>/dev/null && made=@$(stat -L -c %Z /proc/self/ns/net)
printf '%s%s\\n' "$netns" "$made"
cat /proc/sys/kernel/random/boot_id`;

const LIST = `${PRINT_FILES}
cd "$1/journal" 2>/dev/null || exit 0
for file in *.json; do emit "$file"; done
exit 0`;

/** `$3` is "new" or "old": a new entry never overwrites one (link(2) fails on an existing name). */
const WRITE = `umask 077
mkdir -p "$1/journal" && chmod 700 "$1" "$1/journal" || exit 1
temporary=$1/journal/.$2.$$
cat >"$temporary" && [ -s "$temporary" ] || { rm -f "$temporary"; exit 1; }
sync "$temporary" 2>/dev/null
if [ "$3" = new ]; then
  ln "$temporary" "$1/journal/$2.json"
  status=$?
  rm -f "$temporary"
  exit "$status"
fi
mv -f "$temporary" "$1/journal/$2.json"`;

/** Who this node is, now. @throws ChangeError unreadable */
export async function readIdentity(host: Eyes): Promise<NodeIdentity> {
  const [answer] = await host.look([{ argv: ["sh", "-c", IDENTITY] }]);
  const [netns, bootId] = (answer?.stdout ?? "").trim().split("\n");
  if (answer?.status !== 0 || !netns || !bootId) {
    throw new ChangeError("unreadable", host.node, answer?.stderr.trim() || "/proc/self/ns/net");
  }
  return { netns, bootId };
}

/** What became of an entry: `expired`: a reboot took the change with it; `foreign`: of another node of this file system. */
export type Standing = "here" | "expired" | "foreign";

export function standingOf(entry: JournalEntry, identity: NodeIdentity, node: string): Standing {
  if (entry.identity.bootId === identity.bootId)
    return isSame(entry.identity.netns, identity.netns) ? "here" : "foreign";
  if (entry.node !== node) return "foreign";
  return entry.repair.kind === "api" ? "here" : "expired";
}

/** An older version told the time of a mount for init's namespace too, where one held it just then. */
function isSame(written: string, now: string): boolean {
  return written === now || (!now.includes("@") && written.startsWith(`${now}@`));
}

/** This node's own entries, oldest first. `spoilt`: files that are no entries of this version. @throws ChangeError unreadable */
export async function readJournal(
  host: Eyes,
  stateDir: string,
): Promise<{
  readonly identity: NodeIdentity;
  readonly entries: readonly JournalEntry[];
  readonly spoilt: readonly string[];
}> {
  const identity = await readIdentity(host);
  const [output] = await host.run([["sh", "-c", LIST, "sh", stateDir]]);
  const { files, whole } = parseFramed(output?.stdout ?? new Uint8Array());
  // What was not read may be the latest entry: that one hidden, an older would be taken back.
  if (!whole) throw new ChangeError("unreadable", host.node, phrase("journal-changed"));
  const entries: JournalEntry[] = [];
  const spoilt: string[] = [];
  for (const file of files) {
    const entry = parseEntry(file.content);
    if (entry === null || `${entry.id}.json` !== file.path) spoilt.push(file.path);
    else if (standingOf(entry, identity, host.node) !== "foreign") entries.push(entry);
  }
  entries.sort(byTime);
  return { identity, entries, spoilt };
}

/** @throws ChangeError journal-unwritable for a new entry: nothing may be changed then; journal-behind: the node was changed, and the entry does not say so. */
export async function writeEntry(host: Hands, stateDir: string, entry: JournalEntry, as: "new" | "old"): Promise<void> {
  const argv = ["sh", "-c", WRITE, "sh", stateDir, entry.id, as];
  const answer = await host.act(argv, `${JSON.stringify(entry, null, 1)}\n`);
  if (answer.status === 0) return;
  throw new ChangeError(
    as === "new" ? "journal-unwritable" : "journal-behind",
    host.node,
    answer.stderr.trim() || phrase("exit-status", { status: answer.status }),
  );
}
