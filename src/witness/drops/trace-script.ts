/**
 * Streams kfree_skb events from a trace instance of its own, `lasthop-PID-STARTTIME` of this shell, which goes when the shell does.
 * Instances whose shell was killed are removed first (with the start time a recycled pid is not taken for the owner).
 *
 * Standard error: `no tracefs`, `no permission` or `cannot trace`, and the end; else the event's format between `format` and `end`,
 * then `tracing`, and when it is stopped `overrun N` and `over`. A background job of sh ignores SIGINT, hence the trap. It stands
 * before the instance does, which goes before anything is reckoned: whoever stops it may not wait for long.
 */
export const TRACE_SCRIPT = `LC_ALL=C
export LC_ALL
root=/sys/kernel/tracing
[ -d "$root/events" ] || root=/sys/kernel/debug/tracing
[ -d "$root/events" ] || { echo 'no tracefs' >&2; exit 3; }
[ -r "$root/events/skb/kfree_skb/format" ] || { echo 'no permission' >&2; exit 3; }
started() { IFS= read -r stat 2>/dev/null <"/proc/$1/stat" || return 1; set -- \${stat##*) }; echo "\${20}"; }
remove() { echo 0 >"$1/events/enable"; rmdir "$1"; } 2>/dev/null
for old in "$root"/instances/lasthop-*-*; do
  [ -d "$old" ] || continue
  id=\${old##*/lasthop-}
  pid=\${id%%-*}
  case $pid in ''|*[!0-9]*) continue ;; esac
  [ "$(started "$pid")" = "\${id#*-}" ] || remove "$old"
done
echo format >&2
cat "$root/events/skb/kfree_skb/format" >&2
echo end >&2
own=$root/instances/lasthop-$$-$(started $$)
reader=
finish() {
  trap '' INT TERM HUP
  echo 0 2>/dev/null >"$own/events/skb/kfree_skb/enable"
  [ -z "$reader" ] || { kill "$reader"; wait "$reader"; } 2>/dev/null
  overruns=$(sed -n 's/^overrun: *//p' "$own"/per_cpu/cpu*/stats 2>/dev/null)
  remove "$own"
  lost=0
  for count in $overruns; do lost=$((lost + count)); done
  printf 'overrun %s\\nover\\n' "$lost" >&2
  exit 0
}
trap finish INT TERM HUP
mkdir "$own" 2>/dev/null || { echo 'cannot trace' >&2; exit 3; }
echo 512 >"$own/buffer_size_kb" 2>/dev/null
cat "$own/trace_pipe" &
reader=$!
echo 1 >"$own/events/skb/kfree_skb/enable" || { echo 'cannot trace' >&2; finish; }
echo tracing >&2
wait "$reader"
reader=
finish`;
