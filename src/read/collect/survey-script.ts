/**
 * What has to be known of a node before it is read: which tools it has, which netfilter modules are loaded (a tool asked for one
 * that is not would load it, and reading must not write), and which namespaces hold the pods' addresses.
 *
 * Arguments: the addresses to look for, IPv4 dotted, IPv6 as the 32 digits of /proc/net/if_inet6; `*` for all but loopback. Lines on standard output:
 * `tool NAME` · `iptables-save VERSION-LINE` · `module NAME loaded|absent` (no line: not known) · `self INODE` ·
 * `named PATH INODE` · `bare INODE PATH` (a namespace that has no address but loopback's and link-local ones) · `tables4|tables6 INODE-or-self NAME...` (`unreadable` where they are root's to read) · `connections INODE-or-self HEX` (nf_conntrack's entries) · `address INODE PATH ADDRESS`.
 *
 * A namespace of a process is read through /proc/PID/net; one that only a mount keeps alive (CRI-O without a pause process) is entered.
 */
export const SURVEY_SCRIPT = `
for tool in ip bridge nft ipset conntrack ss sysctl tcpdump iptables-save iptables-nft-save iptables-legacy-save \\
  ip6tables-save ip6tables-nft-save ip6tables-legacy-save; do
  command -v "$tool" >/dev/null 2>&1 && printf 'tool %s\\n' "$tool"
done
grep --exclude-dir=x '' /dev/null 2>/dev/null
[ $? -le 1 ] && echo 'tool grep-exclude-dir'
command -v iptables-save >/dev/null 2>&1 && printf 'iptables-save %s\\n' "$(iptables-save -V 2>/dev/null </dev/null | head -n 1)"
if [ -r /proc/modules ]; then
  builtin=/lib/modules/$(uname -r)/modules.builtin
  for module in nf_tables ip_set nf_conntrack nf_conntrack_netlink tcp_diag udp_diag; do
    if grep -q "^$module " /proc/modules || [ -e "/sys/module/$module" ]; then printf 'module %s loaded\\n' "$module"
    elif [ -r "$builtin" ] && ! grep -q "/$module\\.ko" "$builtin"; then printf 'module %s absent\\n' "$module"
    fi
  done
fi
[ -e /proc/net/ip_vs ] && echo 'module ip_vs loaded' || echo 'module ip_vs absent'
denied=
for family in 4 6; do
  file=/proc/net/ip_tables_names
  [ "$family" = 6 ] && file=/proc/net/ip6_tables_names
  [ -e "$file" ] || continue
  if [ -r "$file" ]; then names=$(tr '\\n' ' ' <"$file"); else names=unreadable denied="$denied $file"; fi
  printf 'tables%s self %s\\n' "$family" "$names"
done
export denied
[ -r /proc/net/stat/nf_conntrack ] && { read -r line; read -r count line; printf 'connections self %s\\n' "$count"; } </proc/net/stat/nf_conntrack
printf 'self %s\\n' "$(stat -L -c %i /proc/self/ns/net)"
[ "$#" -gt 0 ] || exit 0
find_addresses='
function wanted(address) { return all ? address !~ /^127[.]/ && address !~ /^0*1$/ : address in want }
function living(inode, address) { if (address !~ /^127[.]/ && address !~ /^0*1$/ && address !~ /^fe[89ab]/) lives[inode] = 1 }
function addresses(inode, path, dir,    line, address, found, got) {
  found = 0
  while ((got = (getline line < (dir "/fib_trie"))) > 0) {
    if (line ~ /\\|-- /) { address = line; sub(/^.*\\|-- /, "", address) }
    else if (line ~ /\\/32 host LOCAL/) { found = 1; living(inode, address); if (wanted(address) && !((inode, address) in told)) { told[inode, address] = 1; print "address", inode, path, address; hit[inode] = dir } }
  }
  close(dir "/fib_trie")
  if (got == 0) { entered[inode] = path; entered_by[inode] = dir }
  while ((getline line < (dir "/if_inet6")) > 0) {
    found = 1
    address = substr(line, 1, 32)
    living(inode, address)
    if (wanted(address) && !((inode, address) in told)) { told[inode, address] = 1; print "address", inode, path, address; hit[inode] = dir }
  }
  close(dir "/if_inet6")
  return found
}
function tables(word, inode, file,    line, names, got) {
  names = ""
  while ((got = (getline line < file)) > 0) names = names " " line
  close(file)
  sub(/^.*\\//, "/", file)
  if (got < 0 && index(ENVIRON["denied"], file)) names = " unreadable"
  print word, inode names
}
function connections(inode, file,    line, column) {
  if ((getline line < file) > 0 && (getline line < file) > 0) { split(line, column, " "); print "connections", inode, column[1] }
  close(file)
}
BEGIN { for (i = 1; i < ARGC; i++) { if (ARGV[i] == "*") all = 1; want[ARGV[i]] = 1; delete ARGV[i] } }
$2 ~ /^\\/proc\\// {
  if ($1 in read) next
  dir = $2
  sub(/ns\\/net$/, "net", dir)
  if (addresses($1, $2, dir)) read[$1] = 1
  next
}
{
  print "named", $2, $1
  if (!($1 in read) && !($1 in lone)) { lone[$1] = 1; print "lone", $1, $2 }
}
END { for (inode in entered) if (!(inode in lives)) { print "bare", inode, entered[inode]; hit[inode] = entered_by[inode] }
  for (inode in hit) { tables("tables4", inode, hit[inode] "/ip_tables_names"); tables("tables6", inode, hit[inode] "/ip6_tables_names"); connections(inode, hit[inode] "/stat/nf_conntrack") } }'
stat -L -c '%i %n' /proc/[0-9]*/ns/net /run/netns/* /run/docker/netns/* 2>/dev/null |
  awk "$find_addresses" "$@" |
  while read -r word inode path rest; do
    if [ "$word" != lone ]; then printf '%s %s %s %s\\n' "$word" "$inode" "$path" "$rest"; continue; fi
    printf '%s /proc/self/ns/net\\n' "$inode" | nsenter "--net=$path" -- awk "$find_addresses" "$@" 2>/dev/null
  done
exit 0
`;
