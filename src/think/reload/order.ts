import { type Assignment, readAssignments, type SysctlFile } from "./sysctl-file.ts";

/** Who applies files: systemd-sysctl(8) at boot, `sysctl --system` of procps, ufw when it is enabled, reloaded or booted. */
export type ReloadBy = "systemd-sysctl" | "procps" | "ufw";

export const RELOADERS: readonly ReloadBy[] = ["systemd-sysctl", "procps", "ufw"];

/**
 * Of two files of one name the directory that stands first here wins. So do systemd and procps 4; procps 3.3 looks into /run
 * before /etc (sysctl.c, PreloadSystem), which matters only where both hold a file of that name.
 */
const DIRECTORIES = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"];

/**
 * The files that count, in the order in which they are read: by name, whatever their directory. procps reads /etc/sysctl.conf
 * last of all; systemd never, unless it is linked as 99-sysctl.conf.
 */
export function filesInOrder(files: readonly SysctlFile[], by: ReloadBy): readonly SysctlFile[] {
  if (by === "ufw") return files.filter((file) => file.path === "/etc/ufw/sysctl.conf");
  const byName = new Map<string, SysctlFile>();
  for (const directory of DIRECTORIES) {
    for (const file of files) {
      const name = file.path.slice(directory.length + 1);
      if (!file.path.startsWith(`${directory}/`) || name.includes("/") || !name.endsWith(".conf")) continue;
      // systemd passes hidden files over (conf-files.c, hidden_or_backup_file); procps does not.
      if (by === "systemd-sysctl" && name.startsWith(".")) continue;
      if (!byName.has(name)) byName.set(name, file);
    }
  }
  const ordered = [...byName].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, file]) => file);
  const last = by === "procps" ? files.filter((file) => file.path === "/etc/sysctl.conf") : [];
  return [...ordered, ...last];
}

/** What will be written, in order: patterns still unexpanded, exclusions among them. */
export function assignmentsInOrder(files: readonly SysctlFile[], by: ReloadBy): readonly Assignment[] {
  const all = filesInOrder(files, by).flatMap(readAssignments);
  if (by !== "systemd-sysctl") return all;
  // parse_file keeps one entry a key: an equal value stays where it was, another one goes to the end.
  const kept = new Map<string, Assignment>();
  for (const assignment of all) {
    const earlier = kept.get(assignment.key);
    if (earlier !== undefined && earlier.value === assignment.value) continue;
    kept.delete(assignment.key);
    kept.set(assignment.key, assignment);
  }
  return [...kept.values()];
}
