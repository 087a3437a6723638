import type { Snapshot } from "../matrix/lab-snapshot.ts";
import { command } from "./command.ts";

/** What each part of a snapshot is read with. One shell runs them all: entering a namespace costs more than the tools. */
const READ = {
  sysctls: "cd /proc/sys/net; grep -rs . ipv4/conf ipv4/ip_forward ipv6/conf bridge",
  rules: "iptables-nft-save",
  // Tables of the old back end are shown only where they exist: asking for one makes it.
  legacyRules: "for t in $(cat /proc/net/ip_tables_names); do iptables-legacy-save -t $t; done | grep ^-A",
  bridges: "nft list tables",
  sets: "ipset save",
  routes: "ip -4 route show table all",
  routes6: "ip -6 route show table all",
  neighbours: "ip -4 neigh show nud permanent",
  fdb: "bridge fdb show",
  ports: "bridge -d link show",
  links: "ip -o address",
  flags: "ip -o -d link",
  seconds: "date +%s",
};
type Part = keyof typeof READ;

const END = "-- end of part --";
const SCRIPT = Object.values(READ)
  .map((read) => `${read}; echo '${END}'`)
  .join("; ");

/** What a fault may touch there, as the standard tools print it, without what changes by itself. */
export async function snapshotOfPlaces(netnsNames: readonly string[]): Promise<Snapshot> {
  const taken = await Promise.all(
    netnsNames.map(async (netns) =>
      Object.entries(await snapshot(netns)).map(([part, lines]): [string, string[]] => [`${netns} ${part}`, lines]),
    ),
  );
  return new Map(taken.flat());
}

async function snapshot(netns: string): Promise<Record<string, string[]>> {
  const { stdout } = await command("ip", "netns", "exec", netns, "sh", "-c", SCRIPT);
  const parts = stdout.split(`${END}\n`).map((part) => part.split("\n").slice(0, -1));
  const named = Object.fromEntries(Object.keys(READ).map((name, index) => [name, parts[index] ?? []]));
  const { sysctls, rules, legacyRules, bridges, sets, routes, routes6, neighbours, fdb, ports, links, flags, seconds } =
    named as Record<Part, string[]>;
  return {
    sysctls: sysctls.filter((line) => !line.includes("stable_secret")).sort(),
    rules: withoutIdleTables(
      rules.filter((line) => !line.startsWith("#")).map((line) => line.replace(/ *\[\d+:\d+\]/, "")),
    ),
    legacyRules,
    sets: sets.filter((line) => line.startsWith("add")).sort(),
    routes: routes.sort(),
    routes6: routes6.sort(),
    neighbours: neighbours.sort(),
    fdb: fdb.filter((line) => line.includes("dst")).sort(),
    bridges: bridges.filter((line) => line.startsWith("table bridge")),
    ports: withoutNumbers(ports),
    links: withoutNumbers(links),
    minutesAhead: [String(Math.round((Number(seconds[0]) - Date.now() / 1000) / 60))],
    flags: withoutNumbers(
      flags.map((line) => line.replace(/ qdisc .* state /, " state ").replace(/ \w+_timer +\S+/g, "")),
    ),
  };
}

/** `iptables-nft` makes a table when it is asked for a rule: one without rules that accepts all is as good as none. */
function withoutIdleTables(lines: readonly string[]): string[] {
  const isIdle = (table: string): boolean =>
    table
      .split("\n")
      .every((line) => line === "" || line.startsWith("*") || line === "COMMIT" || / ACCEPT$/.test(line));
  return `${lines.join("\n")}\n`
    .split(/(?<=^COMMIT\n)/m)
    .filter((table) => !isIdle(table.trimEnd()))
    .flatMap((table) => table.trimEnd().split("\n"));
}

/** A link that was made anew has another number, here and at its peer. */
function withoutNumbers(lines: readonly string[]): string[] {
  return lines
    .map((line) =>
      line
        .replace(/^\d+: /, "")
        .replace(/@if\d+/, "")
        .trimEnd(),
    )
    .sort();
}
