import { command } from "./lab-bundle.ts";

/** Tables of the old back end are shown only where they exist: asking for one makes it. */
const LEGACY_RULES = "for t in $(cat /proc/net/ip_tables_names); do iptables-legacy-save -t $t; done | grep ^-A";

/** What a fault may touch on a node or in a pod, as the standard tools print it, without what changes by itself. */
export async function snapshot({ netns }: { readonly netns: string }): Promise<Record<string, string[]>> {
  const read = async (...argv: string[]): Promise<string[]> =>
    (await command("ip", "netns", "exec", netns, ...argv)).stdout.split("\n");
  const [sysctls, rules, legacyRules, bridges, sets, routes, routes6, neighbours, fdb, ports, links] =
    await Promise.all([
      read("sysctl", "-a", "-r", "^net\\.(ipv4\\.(conf|ip_forward)|ipv6\\.conf|bridge)"),
      read("iptables-nft-save"),
      read("sh", "-c", LEGACY_RULES),
      read("nft", "list", "tables"),
      read("ipset", "save"),
      read("ip", "-4", "route", "show", "table", "all"),
      read("ip", "-6", "route", "show", "table", "all"),
      read("ip", "-4", "neigh", "show", "nud", "permanent"),
      read("bridge", "fdb", "show"),
      read("bridge", "-d", "link", "show"),
      read("ip", "-o", "address"),
    ]);
  const flags = (await read("ip", "-o", "-d", "link")).map((line) =>
    line.replace(/ qdisc .* state /, " state ").slice(0, 120),
  );
  return {
    sysctls: sysctls.filter((line) => !line.includes("stable_secret")).sort(),
    rules: rules.filter((line) => !line.startsWith("#")).map((line) => line.replace(/\[\d+:\d+\]/, "")),
    legacyRules,
    sets: sets.filter((line) => line.startsWith("add")).sort(),
    routes: routes.sort(),
    routes6: routes6.sort(),
    neighbours: neighbours.sort(),
    fdb: fdb.filter((line) => line.includes("dst")).sort(),
    bridges: bridges.filter((line) => line.startsWith("table bridge")),
    ports: withoutNumbers(ports),
    links: withoutNumbers(links),
    flags: withoutNumbers(flags),
  };
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
