import { canonicalKey, confKey, parseConfKey, withoutAlias } from "../walk/edits/sysctl-keys.ts";
import { assignmentsInOrder, RELOADERS, type ReloadBy } from "./order.ts";
import { type Assignment, isPattern, patternMatches, type SysctlFile } from "./sysctl-file.ts";

/** The line that decides a key at the next reload. */
export interface Winner {
  /** What the line names: the key, its other name, a pattern, or another key that counts for it. */
  readonly key: string;
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** Present values by key, as far as they are known: a router's switch that is written with its own value moves nothing else. */
export type Present = ReadonlyMap<string, string>;

/**
 * What a key will be after a reload, and by which line. Null: no file says anything about it.
 * `net.ipv4.ip_forward` and `conf.all.forwarding` are one, and a change of it is one of every interface's `forwarding`.
 */
export function winner(
  files: readonly SysctlFile[],
  key: string,
  by: ReloadBy,
  present: Present = new Map(),
): Winner | null {
  const writes = writesOf(files, key, by, present);
  return writes.at(-1) ?? null;
}

/**
 * What a key will be after a boot. A link takes the values of `default` when it is made, or later while nobody gave it one
 * (inetdev_init and devinet_copy_dflt_conf in net/ipv4/devinet.c, ipv6_add_dev in net/ipv6/addrconf.c).
 */
export function bootWinner(files: readonly SysctlFile[], key: string, by: ReloadBy): Winner | null {
  const own = winner(files, key, by);
  const conf = parseConfKey(key);
  return own !== null || conf === null || conf.link === "all"
    ? own
    : winner(files, confKey({ ...conf, link: "default" }), by);
}

export interface Conflict extends Winner {
  readonly by: ReloadBy;
  /** False: a later line of the same reload sets the wanted value again. */
  readonly wins: boolean;
}

/**
 * Every line that at the next reload sets a key to another value than the wanted one. `ours` is the path of the file that is to
 * set it, there already or not: only what is read after that file wins over it.
 */
export function conflicts(
  files: readonly SysctlFile[],
  key: string,
  wanted: string,
  ours: string | null = null,
  present: Present = new Map(),
): readonly Conflict[] {
  const planned = ours === null ? files : withOurs(files, ours, `${key} = ${wanted}\n`);
  return RELOADERS.flatMap((by) => {
    const writes = writesOf(planned, key, by, present);
    const own = writes.flatMap((write, at): readonly Conflict[] => {
      if (sameValue(write.value, wanted) || write.file === ours) return [];
      return [{ ...write, by, wins: at === writes.length - 1 }];
    });
    const byDefault = writes.length === 0 ? bootWinner(planned, key, by) : null;
    const others = [
      ...(byDefault === null || sameValue(byDefault.value, wanted) ? [] : [byDefault]),
      ...greaterOfAll(planned, key, wanted, by),
    ];
    return [...own, ...others.map((write): Conflict => ({ ...write, by, wins: true }))];
  });
}

/** Of these the greater of `all` and the interface's own counts (IN_DEV_MAXCONF, include/linux/inetdevice.h). */
const GREATER_COUNTS: ReadonlySet<string> = new Set(["rp_filter", "arp_ignore"]);

function greaterOfAll(files: readonly SysctlFile[], key: string, wanted: string, by: ReloadBy): readonly Winner[] {
  const conf = parseConfKey(key);
  if (conf === null || conf.link === "all" || conf.family !== "ipv4" || !GREATER_COUNTS.has(conf.leaf)) return [];
  const all = winner(files, confKey({ ...conf, link: "all" }), by);
  return all !== null && Number(all.value) > Number(wanted) ? [all] : [];
}

function withOurs(files: readonly SysctlFile[], path: string, content: string): readonly SysctlFile[] {
  return files.some((file) => file.path === path) ? files : [...files, { path, content }];
}

/** The kernel reads a number up to the first blank. */
function sameValue(a: string, b: string): boolean {
  const plain = (text: string) =>
    text
      .replace(/\s+#.*$/, "")
      .trim()
      .replace(/\s+/g, " ");
  return plain(a) === plain(b);
}

/** The writes that move one key, in order. */
function writesOf(files: readonly SysctlFile[], text: string, by: ReloadBy, present: Present): readonly Winner[] {
  const key = withoutAlias(canonicalKey(text));
  const all = assignmentsInOrder(files, by);
  // A key that is named anywhere is left alone by every pattern, before it or after.
  const named = new Set(all.filter((a) => !isPattern(a.key)).map((a) => a.key));
  const spreader = spreaderOf(key);
  const writes: Winner[] = [];
  let switchValue = spreader === null ? undefined : presentValue(present, spreader);
  for (const assignment of all) {
    if (assignment.value === null) continue;
    const { key: name, value, file, line } = assignment;
    const write: Winner = { key: name, value, file, line };
    if (writesTo(assignment, key, named)) {
      writes.push(write);
    } else if (spreader !== null && writesTo(assignment, spreader, named)) {
      const spreads = key.startsWith("net.ipv6.") || switchValue === undefined || !sameValue(switchValue, write.value);
      if (spreads) writes.push(write);
      switchValue = write.value;
    }
  }
  return writes;
}

/** The key whose change rewrites this one (inet_forward_change, addrconf_fixup_forwarding). */
function spreaderOf(key: string): string | null {
  const conf = parseConfKey(key);
  if (conf === null || conf.leaf !== "forwarding" || conf.link === "all") return null;
  return `net.${conf.family}.conf.all.forwarding`;
}

function presentValue(present: Present, key: string): string | undefined {
  for (const [name, value] of present) if (withoutAlias(name) === key) return value;
  return undefined;
}

function writesTo(assignment: Assignment, key: string, named: ReadonlySet<string>): boolean {
  if (!isPattern(assignment.key)) return withoutAlias(assignment.key) === key;
  return namesOf(key).some((name) => patternMatches(assignment.key, name) && !named.has(name));
}

/** Both names of the switch are files below /proc/sys, and a pattern finds either. */
function namesOf(key: string): readonly string[] {
  return key === "net.ipv4.conf.all.forwarding" ? [key, "net.ipv4.ip_forward"] : [key];
}
