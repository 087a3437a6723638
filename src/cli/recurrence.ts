import { readSysctlFiles } from "../change/repair/persist/sysctl-files.ts";
import { phrase } from "../facts/phrase.ts";
import type { Conclusion } from "../hunt/conclusion.ts";
import { type Command, type Limits, type Reader, text } from "../read/transport/reader.ts";
import { RESETTER_PATHS, whoResets } from "../think/reload/resetters.ts";
import { conflicts, winner } from "../think/reload/winner.ts";

/** Prints those of its arguments that exist. */
const EXISTING = 'for path; do [ -e "$path" ] && printf "%s\\n" "$path"; done; true';

/**
 * Who will set the deciding sysctl back, or not set it at all, at the next reload or boot: from the node's own files. Nothing
 * where the cause is no sysctl of a node, or its files cannot be read.
 */
export async function recurrenceOf(
  conclusion: Conclusion,
  reader: Reader,
  limits: Limits,
): Promise<Conclusion["recurrence"]> {
  const { cause } = conclusion;
  if (reader.offline || cause?.node == null || cause.netns !== "host" || cause.wanted === null) return [];
  const key = cause.object;
  if (!key.startsWith("net.")) return [];
  const files = await readSysctlFiles(reader, cause.node).catch(() => null);
  if (files === null) return [];
  const losing = conflicts(files, key, cause.wanted).filter((c) => c.wins);
  const told = losing.map(({ by, file, line }) => ({ by, when: phrase("next-reload-or-boot"), file, line }));
  const isSet = (["systemd-sysctl", "procps"] as const).some((by) => winner(files, key, by)?.value === cause.wanted);
  const nobody =
    !isSet && told.length === 0
      ? [{ by: phrase("no-file-sets-it"), when: phrase("next-boot"), file: null, line: null }]
      : [];
  const command: Command = {
    name: "resetters",
    argv: ["sh", "-c", EXISTING, "lasthop", ...RESETTER_PATHS],
    netns: null,
  };
  const [output] = await reader.run(cause.node, [command], limits);
  const present = new Set(output === undefined || output.failure !== null ? [] : text(output).split("\n"));
  const kind = key.endsWith("rp_filter") ? "rp_filter" : /forward/.test(key) ? "forwarding" : null;
  const known = kind === null ? [] : whoResets({ files: present, units: new Set(), processes: new Set() }, kind);
  const resetters = known
    .filter((r) => !r.onlyAsFilesSay || told.length > 0)
    .map(({ by, when, file }) => ({ by, when, file, line: null }));
  return [...told, ...resetters, ...nobody];
}
