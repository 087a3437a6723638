import { ChangeError } from "../../change-error.ts";
import type { Eyes, Hands } from "../hands.ts";

/** Last by name, so that of the files of all directories systemd-sysctl reads it after every other. */
export const PERSIST_FILE = "/etc/sysctl.d/99-zz-lasthop.conf";

const HEADER = "# Written by lasthop repair --persist; `lasthop undo` takes its lines back.";

const READ = '[ -e "$1" ] || exit 3\nexec cat "$1"';
const WRITE = `umask 022
mkdir -p "\${1%/*}" || exit 1
temporary=\${1%/*}/.\${1##*/}.$$
cat >"$temporary" && mv -f "$temporary" "$1" && exit 0
rm -f "$temporary"
exit 1`;

/**
 * The files belong to the node when its namespace is the one that its init runs in, or when they are mounted for it alone, as
 * `ip netns exec` does with /etc/netns/NAME. Otherwise they are the machine's, on which the node is only a namespace: they
 * would be read for the machine and never for the node. What cannot be told counts as shared.
 */
const IS_OWN = `mine=$(readlink /proc/self/ns/net) || exit 1
[ "$mine" = "$(readlink /proc/1/ns/net 2>/dev/null)" ] && exit 0
exec grep -qE '^([^ ]+ ){4}/etc/sysctl\\.d ' /proc/self/mountinfo`;

/** @throws ChangeError persist-shared-file */
export async function refuseSharedFile(host: Eyes): Promise<void> {
  const [answer] = await host.look([{ argv: ["sh", "-c", IS_OWN] }]);
  if (answer?.status !== 0) throw new ChangeError("persist-shared-file", host.node, PERSIST_FILE);
}

/** Null when there is no such file. @throws ChangeError unreadable */
export async function readPersistFile(host: Eyes): Promise<string | null> {
  const [answer] = await host.look([{ argv: ["sh", "-c", READ, "sh", PERSIST_FILE] }]);
  if (answer?.status === 3) return null;
  if (answer?.status !== 0) throw new ChangeError("unreadable", host.node, answer?.stderr.trim() || PERSIST_FILE);
  return answer.stdout;
}

/** Null removes it. @throws ChangeError persist-unwritable */
export async function writePersistFile(host: Hands, content: string | null): Promise<void> {
  const answer =
    content === null
      ? await host.act(["rm", "-f", "--", PERSIST_FILE])
      : await host.act(["sh", "-c", WRITE, "sh", PERSIST_FILE], content);
  if (answer.status === 0 && (await readPersistFile(host)) === content) return;
  throw new ChangeError("persist-unwritable", host.node, answer.stderr.trim() || PERSIST_FILE);
}

function isLineOf(line: string, key: string): boolean {
  const at = line.indexOf("=");
  return at > 0 && line.slice(0, at).trim() === key;
}

/** Our file with this key in it; other lines stay as they are. */
export function withKey(old: string | null, key: string, value: string): string {
  const lines = old === null ? [HEADER] : old.replace(/\n$/, "").split("\n");
  const line = `${key} = ${value}`;
  const at = lines.findLastIndex((other) => isLineOf(other, key));
  return `${(at < 0 ? [...lines, line] : lines.with(at, line)).join("\n")}\n`;
}

export interface PersistChange {
  readonly key: string;
  readonly value: string;
  readonly before: string | null;
}

/**
 * What the file has to be once this change is taken back: as before, or, when later repairs wrote to it too, without our line.
 * `disturbed`: the line is no longer ours.
 */
export function withoutKey(
  present: string | null,
  change: PersistChange,
): { readonly content: string | null; readonly disturbed: boolean } {
  const { key, value, before } = change;
  if (present === before || present === null) return { content: present, disturbed: false };
  if (present === withKey(before, key, value)) return { content: before, disturbed: false };
  const lines = present.replace(/\n$/, "").split("\n");
  const at = lines.findLastIndex((line) => isLineOf(line, key));
  if (at < 0) return { content: present, disturbed: false };
  if (lines[at] !== `${key} = ${value}`) return { content: present, disturbed: true };
  const old = before?.split("\n").findLast((line) => isLineOf(line, key));
  const left = old === undefined ? lines.toSpliced(at, 1) : lines.with(at, old);
  const isOurs = left.includes(HEADER) && left.every((line) => line === HEADER || line.trim() === "");
  return { content: isOurs ? null : `${left.join("\n")}\n`, disturbed: false };
}
