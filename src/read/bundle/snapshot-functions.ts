/**
 * The part of the snapshot script that does not depend on the table of commands. POSIX sh and nothing else: it runs under dash, busybox
 * and the bash of CentOS 7. `$folder`, `$netns` and `$inode` say of which namespace a reading is.
 */
export const SNAPSHOT_FUNCTIONS = String.raw`
umask 077
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
seconds=20
most_places=500

say() { printf '%s\n' "$*" >&2; }
die() { say "lasthop: $*"; exit 3; }
no_room() { die "there is no room in $work"; }
there_is() { command -v "$1" >/dev/null 2>&1; }
# A child that a signal meets before it has traps of its own runs its parent's: $$ is the parent's there too.
is_this_shell() { read -r self rest </proc/self/stat && [ "$self" = "$$" ]; }
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
has() { grep -q "^tool $1\$" "$surveyed"; }
absent() { grep -q "^module $1 absent\$" "$surveyed"; }
is_legacy() { grep -q '^iptables-save ' "$surveyed" && ! grep -q '^iptables-save .*(nf_tables)' "$surveyed"; }

json() {
  case $1 in
    *[!A-Za-z0-9_./:,@%+=\ -]*) printf '%s' "$1" | tr -d '\000-\037\177-\377' | sed 's/[\\"]/\\&/g' ;;
    *) printf '%s' "$1" ;;
  esac
}

list() {
  separator=
  for word; do printf '%s"%s"' "$separator" "$(json "$word")"; separator=,; done
}

# The command under way with all that it started: it leads a process group where setsid is there. A pid that was reaped may be another's.
end_command() {
  grep -q "^PPid:.$$\$" "/proc/$pid/status" || return 0
  kill -KILL "-$pid" || kill -KILL "$pid"
}

# Runs a command into a file, no longer than it may, and no more.
limited() {
  (
    ulimit -f "$most_blocks" 2>/dev/null
    if [ -n "$netns" ]; then exec $group nsenter "--net=$netns" -- "$@"; fi
    exec $group "$@"
  ) >"$into" 2>"$work/stderr" </dev/null &
  pid=$!
  ( trap 'kill "$nap"; exit' TERM; sleep "$seconds" & nap=$!; wait "$nap"; end_command ) </dev/null >/dev/null 2>&1 &
  dog=$!
  wait "$pid" 2>/dev/null
  status=$?
  kill "$dog" 2>/dev/null
  wait "$dog" 2>/dev/null
  pid= dog=
}

# A background command of a shell without job control ignores SIGINT (POSIX, "Signals and Error Handling"): it is ended here.
interrupted() {
  if is_this_shell && [ -n "$pid" ]; then
    [ -z "$dog" ] || kill "$dog"
    end_command
  fi 2>/dev/null
  exit 130
}

# One line of the manifest: PATH ARGV...
entry() {
  path=$1
  shift
  sum=null
  if there_is sha256sum; then sum="\"$(sha256sum <"$stage/$path" | cut -d ' ' -f 1)\""; fi
  owner=null
  [ "$folder" = api ] || owner="\"$node\""
  place=null
  [ -z "$netns" ] || place="\"$(json "$netns")\""
  reason=null
  [ -z "$failure" ] || reason="\"$(json "$failure")\""
  printf '{"path":"%s","node":%s,"netns":%s,"argv":[%s],"status":%s,"failure":%s,"stderr":"%s","truncated":%s,"at":"%s","bytes":%d,"sha256":%s}\n' \
    "$path" "$owner" "$place" "$(list "$@")" "$status" "$reason" \
    "$(json "$(tail -n 1 "$work/stderr" 2>/dev/null | cut -c 1-300)")" "$truncated" "$(now)" \
    "$(wc -c <"$stage/$path")" "$sum" >>"$work/entries" || no_room
}

# Files what a command prints: FILE ARGV...
record() {
  out=$1
  shift
  mkdir -p "$stage/$folder"
  into=$stage/$folder/$out
  : >"$into"
  : >"$work/stderr"
  status=null failure= truncated=false
  if ! there_is "$1"; then failure="$1: command not found"
  elif [ -n "$netns" ] && [ ! -e "$netns" ]; then failure="its network namespace is gone"
  else
    limited "$@"
    case $status in
      127) failure="$1: command not found" ;;
      137) status=null failure="no answer within $seconds s" ;;
      153) status=null truncated=true ;;
    esac
    if [ "$out" = sysctl-net.txt ]; then
      grep -E -v "$secrets" "$into" >"$work/sorted"
      [ "$?" -le 1 ] && cat "$work/sorted" >"$into" || no_room
    fi
  fi
  entry "$folder/$out" "$@"
}

# The same where the survey says that asking for it loads nothing, and finds anything: FILE ARGV...
reading() {
  name=$1
  shift
  case $name in
    iptables-save.txt | ip6tables-save.txt)
      tool=$(printf '%s' "$name" | sed 's/-save.txt$//')
      absent nf_tables && return 0
      if ! is_legacy && has "$tool-save"; then set -- "$tool-save" -c
      elif has "$tool-nft-save"; then set -- "$tool-nft-save" -c
      else return 0
      fi ;;
    iptables-legacy-save.txt | ip6tables-legacy-save.txt)
      tool=$(printf '%s' "$name" | sed 's/-legacy-save.txt$//')
      family=4
      case $tool in ip6*) family=6 ;; esac
      grep -q "^tables$family $inode  *[a-z]" "$surveyed" || return 0
      if is_legacy && ! has "$tool-legacy-save"; then set -- "$tool-save" -c; fi ;;
    nft-*) absent nf_tables && return 0 ;;
    ipset-save.txt) absent ip_set && return 0 ;;
    sysctl-net.txt)
      if has grep-exclude-dir; then
        if [ -z "$netns" ]; then
          set -- /proc/sys/net /proc/sys/net/ipv4/neigh/default/gc_thresh3 /proc/sys/net/ipv6/neigh/default/gc_thresh3
        else set -- /proc/sys/net/ipv4 /proc/sys/net/ipv6
        fi
        set -- grep -rs --exclude-dir=neigh '' "$@"
      fi ;;
    ss.txt) if absent tcp_diag || absent udp_diag; then set -- env PROC_ROOT=/proc "$@"; fi ;;
    ip-vs.txt) absent ip_vs && return 0 ;;
    conntrack.txt | conntrack-6.txt | conntrack-stats.txt)
      grep -q "^connections $inode 00*\$" "$surveyed" && [ "$name" != conntrack-stats.txt ] && return 0
      absent nf_conntrack && return 0
      if ! has conntrack || absent nf_conntrack_netlink; then
        [ "$name" = conntrack.txt ] || return 0
        set -- cat /proc/net/nf_conntrack
      fi ;;
  esac
  record "$name" "$@"
}

# Links of a namespace that have another end: INDEX INDEX-OF-THE-OTHER KIND NAME-OF-ITS-NAMESPACE, which many do not tell.
ends() {
  awk '{ other = $2; if (!sub(/^.*@if/, "", other)) next; sub(/:$/, "", other); kind = name = "-"
    for (i = 3; i <= NF; i++) if ($i == "veth") kind = $i; else if ($i == "link-netns") name = $(i + 1)
    print $1 + 0, other, kind, name }'
}

# A veth whose two ends name each other leads here, and a device on top of one of this node's; what has neither may.
leads_here() {
  { nsenter "--net=$1" -- ip -d -o link show || nsenter "--net=$1" -- ip -o link show; } 2>/dev/null | ends >"$work/theirs"
  [ -s "$work/theirs" ] || return 0
  while read -r own other kind name; do
    [ "$kind" = veth ] || ! grep -q "^$other: [^@ ]*: " "$work/links" || return 0
    name=$(sed -n "s/^$other $own [^ ]* //p" "$work/ours")
    [ -n "$name" ] || continue
    known=$(awk -v path="/run/netns/$name" '$1 == "named" && $2 == path { print $3 }' "$surveyed")
    [ -z "$known" ] || [ "$known" = "$2" ] || continue
    return 0
  done <"$work/theirs"
  return 1
}

main() {
  node=$(uname -n)
  [ "$#" -lt 2 ] || node=$2
  for needed in tar gzip awk sed grep mktemp ip; do there_is "$needed" || die "this needs $needed, which is not there"; done
  case $(ip -V 2>&1) in *iproute2*) ;; *) die "this needs iproute2's ip, which tells more than busybox's" ;; esac
  pid= dog= group=
  if there_is setsid; then group=setsid; fi
  work=$(mktemp -d) || die "there is no room for temporary files"
  file=$work/none
  trap 'if is_this_shell; then rm -rf "$work" "$file.part"; fi' EXIT
  trap interrupted INT TERM HUP
  folder= netns=
  find_kubeconfig
  find_name "$2"
  case $node in '' | .* | *[!A-Za-z0-9._:@+-]*) die "not the name of a node: $node" ;; esac
  file=$PWD/lasthop-$node.tar.gz
  [ "$#" -lt 1 ] || [ -z "$1" ] || file=$1
  stage=$work/bundle
  mkdir "$stage"
  surveyed=$stage/$node/survey.txt
  mkdir "$stage/$node"
  say "reading node $node"
  folder=$node netns= inode=self
  find_addresses
  set -f
  record survey.txt sh -c "$survey" lasthop $addresses
  set +f
  host_commands
  ip -o link show >"$work/links" 2>/dev/null
  ends <"$work/links" >"$work/ours"
  self=$(sed -n 's/^self //p' "$surveyed")
  # The survey tells names last. By its name, which stays, the namespace is entered here and looked for later.
  awk -v self="$self" 'NR == FNR { if ($1 == "named" && !($3 in path)) path[$3] = $2; next }
    ($1 == "address" || $1 == "bare") && $2 != self && !($2 in told) { told[$2] = 1; print $2, ($2 in path ? path[$2] : $3) }' \
    "$surveyed" "$surveyed" | head -n "$most_places" >"$work/places"
  if there_is nsenter; then
    while read -r inode netns <&4; do
      leads_here "$netns" "$inode" || continue
      say "reading namespace $netns"
      folder=$node/pods/netns-$inode
      pod_commands
    done 4<"$work/places"
  else say "lasthop: nsenter is not there: no pod's namespace is read"
  fi
  say "reading the cluster's objects"
  folder=api netns=
  objects
  {
    printf '{"schema":"%s","lasthop":"%s","by":"script","at":"%s","files":[\n' "$schema" "$version" "$(now)" &&
      sed '$!s/$/,/' "$work/entries" && printf ']}\n'
  } >"$stage/manifest.json" || no_room
  { cd "$stage" && tar -cf - "$node" api manifest.json || : >"$work/failed"; } | gzip -c >"$file.part" || die "cannot write $file"
  [ ! -e "$work/failed" ] || die "tar could not pack it"
  mv "$file.part" "$file" || die "cannot write $file"
  say "$file"
}`.trim();
