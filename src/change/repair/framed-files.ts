/**
 * Prints files framed by their length, so that no content can pass for a frame: `file BYTES REAL`, the path, the bytes, a newline after each.
 * REAL is where a path with symbolic links ends, `-` where it has none. A link to /dev/null is an empty file: it masks
 * others of its name (sysctl.d(5)). Names with a newline are left out, and files beyond 8 MiB. Each is opened once: one
 * that another replaces meanwhile (rename(2)) is still printed at the length that was told.
 */
export const PRINT_FILES = `emit() {
  case $1 in *'
'*) return 0 ;; esac
  real=$(readlink -f "$1" 2>/dev/null)
  if [ "$real" = /dev/null ]; then printf 'file 0 /dev/null\\n%s\\n\\n' "$1"; return 0; fi
  [ -f "$1" ] && [ -r "$1" ] || return 0
  [ -n "$real" ] && [ "$real" != "$1" ] || real=-
  {
    bytes=$(wc -c </proc/self/fd/3) || return 0
    [ "$bytes" -le 8388608 ] || return 0
    printf 'file %d %s\\n%s\\n' "$bytes" "$real" "$1"
    cat <&3
    echo
  } 3<"$1"
}`;

export interface FramedFile {
  readonly path: string;
  /** Where symbolic links lead; null when the path has none. */
  readonly real: string | null;
  readonly content: string;
}

/** A file that changed its length while it was printed spoils itself and those after it: the rest is left out. */
export function parseFramed(bytes: Uint8Array): { readonly files: readonly FramedFile[]; readonly whole: boolean } {
  const decoder = new TextDecoder("utf-8", { fatal: false });
  const files: FramedFile[] = [];
  let at = 0;
  const line = (): string | null => {
    const end = bytes.indexOf(10, at);
    if (end < 0) return null;
    const text = decoder.decode(bytes.subarray(at, end));
    at = end + 1;
    return text;
  };
  while (at < bytes.length) {
    const head = /^file (\d{1,8}) (.+)$/.exec(line() ?? "");
    const path = line();
    const end = at + Number(head?.[1] ?? Number.NaN);
    if (head === null || path === null || !(end < bytes.length) || bytes[end] !== 10) return { files, whole: false };
    const real = head[2] === "-" ? null : (head[2] ?? null);
    files.push({ path, real, content: decoder.decode(bytes.subarray(at, end)) });
    at = end + 1;
  }
  return { files, whole: true };
}
