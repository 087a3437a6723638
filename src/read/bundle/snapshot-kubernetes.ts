/** What the snapshot script asks the Kubernetes API by kubectl: the objects, its node's name, its pods' addresses. */
export const SNAPSHOT_KUBERNETES = String.raw`
# One kind of Kubernetes' objects: KIND TEMPLATE.
object() {
  kind=$1
  [ "$kind" != endpoints ] || [ "$without_slices" = yes ] || return 0
  mkdir -p "$stage/api"
  into=$work/listed
  : >"$into"
  : >"$work/stderr"
  status=null failure=$no_objects truncated=false
  if [ -z "$failure" ]; then
    limited kubectl --request-timeout=15s get "$kind" --all-namespaces -o "jsonpath=$2"
    [ "$status" = 0 ] || failure="kubectl: $(tail -n 1 "$work/stderr" | cut -c 1-200)"
    [ "$status" != 137 ] || status=null
  fi
  if [ -z "$failure" ]; then
    { printf '{"items":[\n'; sed -e 's/:\([],}]\)/:null\1/g' -e 's/,\([]}]\)/\1/g' "$into" | sed '$ s/,$//'; printf ']}\n'; } >"$stage/api/$kind.json"
  else
    [ "$kind" != endpointslices ] || without_slices=yes
    : >"$stage/api/$kind.json"
  fi
  entry "api/$kind.json" kubectl get "$kind" --all-namespaces
}

find_kubeconfig() {
  no_objects= without_slices=no
  there_is kubectl || { no_objects="kubectl is not there"; return 0; }
  for config in "$KUBECONFIG" /etc/kubernetes/admin.conf /etc/rancher/k3s/k3s.yaml "" /etc/kubernetes/kubelet.conf; do
    # Without one kubectl takes ~/.kube/config; several stand between colons.
    case $config in '' | *:*) ;; *) [ -r "$config" ] || continue ;; esac
    if [ -n "$config" ]; then KUBECONFIG=$config; export KUBECONFIG; else unset KUBECONFIG; fi
    into=$work/listed
    limited kubectl --request-timeout=10s get nodes -o 'jsonpath={.items[0].metadata}'
    [ "$status" = 0 ] || continue
    # Older ones print maps as Go does.
    case $(cut -c 1 "$into" | head -n 1) in
      '{') no_objects= ;;
      *) no_objects="kubectl is too old: it prints no JSON from jsonpath" ;;
    esac
    return 0
  done
  no_objects="kubectl reaches no API from here"
}

# By its name in Kubernetes the API's objects tell what is this node's: it may be another than the machine's.
find_name() {
  [ -z "$no_objects" ] || return 0
  into=$work/listed
  limited kubectl --request-timeout=10s get nodes -o \
    'jsonpath={range .items[*]}{.metadata.name}{" "}{.status.addresses[*].address}{"\n"}{end}'
  [ "$status" = 0 ] && grep -q . "$into" || return 0
  ip -o addr show >"$work/own"
  named=$(awk -v node="$node" -v given="$1" '
    NR == FNR { split($4, part, "/"); own[part[1]] = 1; next }
    $1 == node { found = node }
    found == "" && given == "" { for (i = 1; i <= NF; i++) if ($i in own || $i == tolower(node)) found = $1 }
    END { print found }' "$work/own" "$into")
  if [ -n "$named" ]; then node=$named
  else say "lasthop: no node of the cluster is called $node: give its name, sh snapshot.sh FILE NODE"
  fi
}

# The addresses of this node's pods, where the API tells them; else every address counts, as where there are IPv6 ones.
find_addresses() {
  addresses='*'
  if [ -z "$no_objects" ]; then
    into=$work/listed
    limited kubectl --request-timeout=15s get pods --all-namespaces -o \
      "jsonpath={range .items[?(@.spec.nodeName==\"$node\")]}{.status.podIPs[*].ip}{\" \"}{end}"
    if [ "$status" = 0 ] && grep -q '[0-9]' "$into" && ! grep -q : "$into"; then addresses=$(cat "$into"); fi
  fi
}
`;
