/**
 * The program that runs on a node: POSIX sh, nothing but builtins and `dd`, `sleep`, `nsenter`. It is constant; what to run comes
 * over its standard input, a word as `=` and the bytes, those that a shell could misread as `\0OOO` (octal).
 *
 * It must lead a process group of its own. As its input ends (the other side died, or is done), the whole group dies with it,
 * so nothing that was started on a node outlives the one who asked for it. (SIGTERM first, which the leader survives to reap
 * its own; then SIGKILL.)
 *
 * `rounds`: the first line is a nonce. Then lines `round SECONDS` (all must be over by then, or the group dies: a connection can
 * fall silent without closing), `run ID PATH WORD...`, `feed ID STDIN PATH WORD...`, `end`. What a command prints goes out as it
 * is; after it come `\nNONCE ID STATUS\n` on standard output and `\nNONCE ID\n` on standard error. No output can forge
 * that, for it does not know the nonce. (`dd` passes on what it gets at once;
 * busybox's `cat` hands sockets to sendfile(2), which may wait for the end of the input.)
 *
 * `tap`: the one line is `SECONDS PATH WORD...`. Any further line, the end of the input or the deadline interrupts the command
 * (SIGINT, on which tcpdump prints its counts) and kills it two seconds later, half a second where the input ended.
 */
export const RUNNER_SCRIPT = `set -f
unset IFS
umask 077
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
start() {
  n=$#
  while [ "$n" -gt 0 ]; do
    word=\${1#=}
    case $word in *\\\\*) word=$(printf '%bX' "$word"); word=\${word%X};; esac
    shift
    set -- "$@" "$word"
    n=$((n - 1))
  done
  netns=$1
  shift
  [ -n "$netns" ] || exec "$@"
  [ -e "$netns" ] || { printf 'lasthop: no network namespace at %s\\n' "$netns" >&2; exit 97; }
  exec nsenter "--net=$netns" -- "$@"
}
answer() {
  { echo; echo "$nonce $1"; } >&2
  echo
  echo "$nonce $1 $2"
}
rounds() {
  IFS= read -r nonce || exit 0
  dog=
  answer hello 0
  while read -r order id words; do
    case $order in
      round)
        ( trap 'kill "$nap"; exit' TERM; sleep "$id" & nap=$!; wait "$nap"; kill -KILL 0 ) </dev/null >/dev/null 2>&1 &
        dog=$! ;;
      run)
        ( start $words ) </dev/null
        answer "$id" $? ;;
      feed)
        data=\${words%% *}
        data=\${data#=}
        data=$(printf '%bX' "$data")
        printf '%s' "\${data%X}" | ( start \${words#* } )
        answer "$id" $? ;;
      end)
        kill "$dog" 2>/dev/null
        wait "$dog" 2>/dev/null ;;
    esac
  done
}
finish() {
  kill -INT 0
  n=0
  while kill -0 $$ && [ "$n" -lt "$1" ]; do sleep 0.1 || sleep 1; n=$((n + 1)); done
  kill -KILL 0
}
tap() {
  read -r seconds words || exit 0
  exec 3<&0 </dev/null
  ( trap '' INT; read -r line <&3 && finish 20 || finish 5 ) >/dev/null 2>&1 &
  ( trap '' INT; exec 3<&-; sleep "$seconds"; finish 20 ) >/dev/null 2>&1 &
  exec 3<&-
  start $words
}
case $1 in
  rounds)
    trap : TERM
    { dd bs=65536 2>/dev/null; kill -TERM 0; } | rounds
    kill -KILL 0 ;;
  tap) tap ;;
esac
`;

const PLAIN = /^[A-Za-z0-9_./:,@%+=-]*$/;

/** One word as RUNNER_SCRIPT reads it. @throws RangeError on NUL, which no argv can hold. */
export function encodeWord(word: string): string {
  if (PLAIN.test(word)) return `=${word}`;
  if (word.includes("\0")) throw new RangeError("an argument cannot hold a NUL byte");
  let encoded = "=";
  for (const byte of Buffer.from(word, "utf8")) {
    const char = String.fromCharCode(byte);
    encoded += PLAIN.test(char) ? char : `\\0${byte.toString(8).padStart(3, "0")}`;
  }
  return encoded;
}
