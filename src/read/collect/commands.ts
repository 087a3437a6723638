import type { Command } from "../transport/reader.ts";
import type { Survey } from "./survey.ts";

/** What is read of every namespace whatever the node has; the names are those of a bundle's files. */
const ALWAYS: Readonly<Record<string, readonly string[]>> = {
  "ip-link": ["ip", "-d", "link", "show"],
  "ip-addr": ["ip", "addr", "show"],
  "ip-route": ["ip", "-4", "route", "show", "table", "all"],
  "ip-6-route": ["ip", "-6", "route", "show", "table", "all"],
  "ip-rule": ["ip", "-4", "rule", "show"],
  "ip-6-rule": ["ip", "-6", "rule", "show"],
  "ip-neigh": ["ip", "neigh", "show"],
  "ip-neigh-proxy": ["ip", "neigh", "show", "proxy"],
  "bridge-fdb": ["bridge", "fdb", "show"],
  "proc-net-snmp": ["cat", "/proc/net/snmp"],
  "proc-net-netstat": ["cat", "/proc/net/netstat"],
  "proc-net-snmp6": ["cat", "/proc/net/snmp6"],
  "proc-net-dev": ["cat", "/proc/net/dev"],
};

const HOST_ONLY: Readonly<Record<string, readonly string[]>> = {
  /** All of net.*, without walking the rest of /proc/sys as `sysctl -a` does. */
  "sysctl-net": ["sysctl", "net"],
  "boot-id": ["cat", "/proc/sys/kernel/random/boot_id"],
  version: ["cat", "/proc/version"],
};

const POD_ONLY: Readonly<Record<string, readonly string[]>> = {
  /** Each key costs three system calls, for each pod again: the per-link ones, and what else decides about a pod's packets. */
  "sysctl-net": [
    "sysctl",
    "net.ipv4.conf",
    "net.ipv6.conf",
    "net.ipv4.ip_forward",
    "net.ipv4.ip_default_ttl",
    "net.ipv4.ip_nonlocal_bind",
    "net.ipv4.icmp_echo_ignore_all",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.fib_multipath_hash_policy",
  ],
};

/** Commands to run, and those that need not be, since what they read is known to be empty. */
export interface Round {
  readonly commands: readonly Command[];
  readonly empty: ReadonlySet<string>;
}

export function hostCommands(): readonly Command[] {
  return toCommands({ ...ALWAYS, ...HOST_ONLY }, null, "");
}

/** @param folder `pods/NAMESPACE_NAME/`, under which a bundle files what was read of a pod's namespace. */
export function podCommands(path: string, folder: string): readonly Command[] {
  return toCommands({ ...ALWAYS, ...POD_ONLY }, path, folder);
}

/**
 * Netfilter and sockets: what to run depends on the survey. A tool whose kernel module is not loaded is left alone, for it would
 * load it; where there is no module there is nothing to read either.
 * @param inode of the namespace, `self` for the node's own.
 */
export function gatedCommands(survey: Survey | null, inode: string, path: string | null, folder: string): Round {
  const wanted: Record<string, readonly string[]> = {};
  const empty = new Set<string>();
  const absent = (module: string) => survey?.modules.get(module) === "absent";
  const unlessAbsent = (module: string, name: string, argv: readonly string[] | null) => {
    if (absent(module)) empty.add(name);
    else if (argv !== null) wanted[name] = argv;
  };
  for (const [family, tool] of [
    ["4", "iptables"],
    ["6", "ip6tables"],
  ] as const) {
    const nftTool = nftSaveTool(survey, tool);
    unlessAbsent("nf_tables", `${tool}-save`, nftTool === null ? null : [nftTool, "-c"]);
    const tables = survey?.legacyTables.get(`${family} ${inode}`);
    if (survey !== null && (tables === undefined || tables.length === 0)) empty.add(`${tool}-legacy-save`);
    else wanted[`${tool}-legacy-save`] = [legacySaveTool(survey, tool), "-c"];
  }
  unlessAbsent("nf_tables", "nft-ruleset", ["nft", "-j", "list", "ruleset"]);
  unlessAbsent("ip_set", "ipset-save", ["ipset", "save"]);
  const byProc = absent("tcp_diag") || absent("udp_diag");
  // -p looks into every process of the node, which would be too slow for each pod again.
  const listSockets = ["ss", path === null ? "-tuanp" : "-tuan"];
  wanted.ss = byProc ? ["env", "PROC_ROOT=/proc", ...listSockets] : listSockets;
  const canList = survey === null || (survey.tools.has("conntrack") && !absent("nf_conntrack_netlink"));
  if (survey?.untracked.has(inode)) empty.add("conntrack");
  else unlessAbsent("nf_conntrack", "conntrack", canList ? ["conntrack", "-L"] : ["cat", "/proc/net/nf_conntrack"]);
  if (canList) unlessAbsent("nf_conntrack", "conntrack-stats", ["conntrack", "-S"]);
  return { commands: toCommands(wanted, path, folder), empty };
}

/** The tool that reads the tables of iptables-nft; null when none is installed. */
function nftSaveTool(survey: Survey | null, tool: "iptables" | "ip6tables"): string | null {
  if (survey === null) return `${tool}-save`;
  if (survey.iptablesFlavour === "nf_tables" && survey.tools.has(`${tool}-save`)) return `${tool}-save`;
  return survey.tools.has(`${tool}-nft-save`) ? `${tool}-nft-save` : null;
}

function legacySaveTool(survey: Survey | null, tool: "iptables" | "ip6tables"): string {
  const isPlain = survey?.iptablesFlavour === "legacy" && !survey.tools.has(`${tool}-legacy-save`);
  return isPlain ? `${tool}-save` : `${tool}-legacy-save`;
}

function toCommands(table: Readonly<Record<string, readonly string[]>>, netns: string | null, folder: string): Command[] {
  return Object.entries(table).map(([name, argv]) => ({ name: `${folder}${name}`, argv, netns }));
}
