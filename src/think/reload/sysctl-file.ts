import { canonicalKey } from "../walk/edits/sysctl-keys.ts";

/** A file of sysctl settings; `content` is what reading it gives, so a link to /dev/null is an empty one. */
export interface SysctlFile {
  readonly path: string;
  readonly content: string;
}

export interface Assignment {
  /** As procps prints keys; may be a pattern. */
  readonly key: string;
  /** Null: `-key` without a value, which keeps patterns off that key. */
  readonly value: string | null;
  readonly file: string;
  readonly line: number;
}

/** sysctl.d(5), sysctl.conf(5): `key = value`, `-key = value` (errors ignored), `-key`; `#` and `;` begin comments. */
export function readAssignments(file: SysctlFile): readonly Assignment[] {
  return file.content.split("\n").flatMap((text, index): readonly Assignment[] => {
    const bare = text.trim();
    if (bare === "" || bare.startsWith("#") || bare.startsWith(";")) return [];
    const dashed = bare.startsWith("-");
    const rest = dashed ? bare.slice(1) : bare;
    const equals = rest.indexOf("=");
    if (equals < 0 && !dashed) return [];
    const key = keyOf(equals < 0 ? rest : rest.slice(0, equals));
    const value = equals < 0 ? null : rest.slice(equals + 1).trim();
    return [{ key, value, file: file.path, line: index + 1 }];
  });
}

/** A path below /proc/sys may begin with a slash; /proc/sys itself is not understood by systemd. */
function keyOf(text: string): string {
  const key = text.trim();
  return key.startsWith("/proc/sys/") ? key : canonicalKey(key);
}

export function isPattern(key: string): boolean {
  return /[*?[]/.test(key);
}

/** glob(3) on the path below /proc/sys, where `*` and `?` stop at a slash. */
export function patternMatches(pattern: string, key: string): boolean {
  const wanted = pattern.split(".");
  const parts = key.split(".");
  return wanted.length === parts.length && wanted.every((w, i) => partMatches(w, parts[i] ?? ""));
}

/** Linear but for the classic retry at the last star; a part is an interface's name or a leaf. */
function partMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let retry = 0;
  while (t < text.length) {
    const one = p < pattern.length && pattern[p] !== "*" ? matchOne(pattern, p, text[t] ?? "") : 0;
    if (one > 0) {
      p += one;
      t++;
    } else if (pattern[p] === "*") {
      star = p++;
      retry = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** How many characters of the pattern take this one of the text; 0: none. */
function matchOne(pattern: string, at: number, char: string): number {
  const p = pattern[at];
  if (p === "?") return 1;
  if (p !== "[") return p === char ? 1 : 0;
  const end = pattern.indexOf("]", at + 2);
  if (end < 0) return p === char ? 1 : 0;
  const negated = pattern[at + 1] === "!" || pattern[at + 1] === "^";
  const set = pattern.slice(at + (negated ? 2 : 1), end);
  let isIn = false;
  for (let i = 0; i < set.length; i++) {
    const from = set[i] ?? "";
    if (set[i + 1] === "-" && i + 2 < set.length) {
      isIn ||= char >= from && char <= (set[i + 2] ?? "");
      i += 2;
    } else {
      isIn ||= char === from;
    }
  }
  return isIn !== negated ? end - at + 1 : 0;
}
