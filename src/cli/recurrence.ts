import { ChangeError } from "../change/change-error.ts";
import { readSysctlFiles } from "../change/repair/persist/sysctl-files.ts";
import { type Phrase, phrase } from "../facts/phrase.ts";
import type { NotChecked } from "../facts/world.ts";
import type { Conclusion } from "../hunt/conclusion.ts";
import { type Command, type Limits, type Reader, text } from "../read/transport/reader.ts";
import { kernelDefault } from "../think/reload/kernel-defaults.ts";
import {
  RESETTER_PATHS,
  RESETTER_UNITS,
  type ResetKey,
  type ResetterFacts,
  whoResets,
} from "../think/reload/resetters.ts";
import { bootWinner, conflicts } from "../think/reload/winner.ts";
import { isNodeSysctl } from "../verdict/verdict.ts";

/** Prints what is there: of its arguments, paths that exist and units that are active; the names of all processes. */
const LOOK = `for one; do
  case $one in
    /*) [ -e "$one" ] && printf 'file %s\\n' "$one" ;;
    *) systemctl is-active --quiet "$one" 2>/dev/null && printf 'unit %s\\n' "$one" ;;
  esac
done
for comm in /proc/[0-9]*/comm; do
  { read -r name <"$comm"; } 2>/dev/null && printf 'process %s\\n' "$name"
done
true`;

/**
 * Who will set the deciding sysctl back, or not set it at all, at the next reload or boot: from the node's own files. Nothing
 * where the cause is no sysctl of a node; what could not be read is not checked.
 */
export async function recurrenceOf(
  conclusion: Conclusion,
  reader: Reader,
  limits: Limits,
): Promise<Pick<Conclusion, "recurrence" | "notChecked">> {
  const { cause } = conclusion;
  if (reader.offline || !isNodeSysctl(cause)) return { recurrence: [], notChecked: [] };
  const key = cause.object;
  const missed = (why: Phrase): NotChecked => ({ what: phrase("who-sets-back", { key, node: cause.node }), why });
  const files = await readSysctlFiles(reader, cause.node).catch(unlessUnreadable);
  if (files instanceof ChangeError) return { recurrence: [], notChecked: [missed(files.detail)] };
  const losing = conflicts(files, key, cause.wanted).filter((c) => c.wins);
  const told = losing.map(({ by, file, line }) => ({ by, when: phrase("next-reload-or-boot"), file, line }));
  const isSet = (["systemd-sysctl", "procps"] as const).some(
    (by) => bootWinner(files, key, by)?.value === cause.wanted,
  );
  const nobody =
    !isSet && told.length === 0 && kernelDefault(key) !== cause.wanted
      ? [{ by: phrase("no-file-sets-it"), when: phrase("next-boot"), file: null, line: null }]
      : [];
  const command: Command = {
    name: "resetters",
    argv: ["sh", "-c", LOOK, "lasthop", ...RESETTER_PATHS, ...RESETTER_UNITS],
    netns: null,
  };
  const [output] = await reader.run(cause.node, [command], limits);
  const isWhole = output !== undefined && output.failure === null && !output.truncated;
  const why = output?.failure ?? phrase("not-read");
  const kind = kindOf(key);
  const known = kind === null ? [] : whoResets(factsIn(isWhole ? text(output) : ""), kind);
  const resetters = known
    .filter((r) => !r.onlyAsFilesSay || told.length > 0)
    .map(({ by, when, file }) => ({ by, when, file, line: null }));
  return { recurrence: [...told, ...resetters, ...nobody], notChecked: isWhole ? [] : [missed(why)] };
}

function unlessUnreadable(error: unknown): ChangeError {
  if (error instanceof ChangeError) return error;
  throw error;
}

function kindOf(key: string): ResetKey | null {
  if (key.endsWith(".rp_filter")) return "rp_filter";
  if (!/\.(ip_forward|forwarding)$/.test(key)) return null;
  return key.startsWith("net.ipv6.") ? "ipv6-forwarding" : "ipv4-forwarding";
}

function factsIn(printed: string): ResetterFacts {
  const lines = printed.split("\n");
  const of = (what: string): ReadonlySet<string> =>
    new Set(lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1)));
  return { files: of("file"), units: of("unit"), processes: of("process") };
}
