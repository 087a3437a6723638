import { command } from "../lab/command.ts";

/** All that a repair or its undoing could leave behind in a namespace, a section a tool, as standard tools print it. */
export type Snapshot = ReadonlyMap<string, readonly string[]>;

/** Files in the place of /etc/sysctl.d and others, which `ip netns exec` mounts there. */
const SCRIPT = `
section() { printf '## %s\\n' "$1"; }
section sysctl; cd /proc/sys && grep -rs . net | sort
section files; cd "/etc/netns/$1" 2>/dev/null && find . -type f -exec sh -c 'for f; do printf "%s\\n" "$f"; cat "$f"; done' sh {} +
section rules; nft -s list ruleset 2>/dev/null
section iptables-nft; iptables-nft-save 2>/dev/null; ip6tables-nft-save 2>/dev/null
section iptables-legacy
for t in $(cat /proc/net/ip_tables_names 2>/dev/null); do iptables-legacy-save -t "$t"; done
for t in $(cat /proc/net/ip6_tables_names 2>/dev/null); do ip6tables-legacy-save -t "$t"; done
section ipset; ipset save
section policy-rules; ip rule show; ip -6 rule show
section routes; ip -4 route show table all; ip -6 route show table all
section neighbours; ip neigh show nud permanent; ip neigh show proxy
section fdb; bridge fdb show | grep -E 'permanent|static|dst'
section links; ip -o link
section ports; bridge -d link show
section tunnels; ip -d link show type vxlan; ip -d link show type ipip
section addresses; ip -o address
section qdiscs; tc qdisc show
`;

/** What the kernel counts or ages by itself. */
const VOLATILE_KEYS = /^net\/netfilter\/nf_conntrack_count:/;

export async function takeSnapshot(netnsNames: readonly string[]): Promise<Snapshot> {
  const taken = await Promise.all(
    netnsNames.map(async (name) => {
      const ended = await command("ip", "netns", "exec", name, "sh", "-c", SCRIPT, "sh", name);
      if (!ended.stdout.includes("## qdiscs")) throw new Error(`no snapshot of ${name}: ${ended.stderr}`);
      return [...sectionsOf(ended.stdout)].map(([section, lines]): [string, string[]] => [`${name} ${section}`, lines]);
    }),
  );
  return new Map(taken.flat());
}

function sectionsOf(text: string): ReadonlyMap<string, string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("## ")) {
      lines = [];
      sections.set(line.slice(3), lines);
    } else if (line.trim() !== "" && !line.startsWith("#") && !VOLATILE_KEYS.test(line))
      lines.push(withoutCounters(line));
  }
  for (const name of ["routes", "neighbours", "fdb", "ipset"]) sections.get(name)?.sort();
  return sections;
}

function withoutCounters(line: string): string {
  return line
    .replace(/\[\d+:\d+\]/, "")
    .replace(/ (?:expires|used|age|timeout) \d+\S*/g, "")
    .trimEnd();
}

/** Lines that one has and the other has not, as `NETNS SECTION: - line` and `+ line`; empty when they are alike. */
export function differences(before: Snapshot, after: Snapshot): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [then, now] = [before.get(key) ?? [], after.get(key) ?? []];
    if (then.join("\n") === now.join("\n")) return [];
    const gone = then.filter((line) => !now.includes(line)).map((line) => `${key}: - ${line}`);
    const come = now.filter((line) => !then.includes(line)).map((line) => `${key}: + ${line}`);
    return gone.length + come.length > 0 ? [...gone, ...come] : [`${key}: other order`];
  });
}
