import { BY_PROC } from "../parse/sockets.ts";
import type { Command } from "../transport/reader.ts";
import type { Expectations } from "./readings.ts";
import type { Survey } from "./survey.ts";

/** What is read of every namespace whatever the node has; the names are those of a bundle's files. */
const ALWAYS: Readonly<Record<string, readonly string[]>> = {
  /** With -d it tells all that `ip -d link` does. */
  "ip-addr": ["ip", "-d", "addr", "show"],
  "ip-route": ["ip", "-4", "route", "show", "table", "all"],
  "ip-6-route": ["ip", "-6", "route", "show", "table", "all"],
  "ip-rule": ["ip", "-4", "rule", "show"],
  "ip-6-rule": ["ip", "-6", "rule", "show"],
  "ip-neigh": ["ip", "neigh", "show"],
  "proc-net-snmp": ["cat", "/proc/net/snmp", "/proc/net/netstat", "/proc/net/snmp6"],
  "proc-net-dev": ["cat", "/proc/net/dev"],
};

const HOST_ONLY: Readonly<Record<string, readonly string[]>> = {
  "ip-neigh-proxy": ["ip", "neigh", "show", "proxy"],
  "bridge-fdb": ["bridge", "fdb", "show"],
  "boot-id": ["cat", "/proc/sys/kernel/random/boot_id"],
  version: ["cat", "/proc/version"],
};

/** Without a family conntrack-tools list IPv4 alone, up to 1.4.6 (src/conntrack.c: `family = AF_INET`). */
export const LIST_CONNECTIONS: Readonly<Record<"conntrack" | "conntrack-6", readonly string[]>> = {
  conntrack: ["conntrack", "-L", "-f", "ipv4"],
  "conntrack-6": ["conntrack", "-L", "-f", "ipv6"],
};

/** Files that a recording may have besides. */
const RECORDED: Readonly<Record<string, readonly string[]>> = {
  "ip-link": ["ip", "-d", "link", "show"],
  "proc-net-netstat": ["cat", "/proc/net/netstat"],
  "proc-net-snmp6": ["cat", "/proc/net/snmp6"],
  "ipset-save": ["ipset", "save"],
  "bridge-fdb": ["bridge", "fdb", "show"],
  "conntrack-stats": ["conntrack", "-S"],
};

/** Commands to run, and what is known without them. */
export interface Round {
  readonly commands: readonly Command[];
  readonly expected: Expectations;
}

export function hostCommands(isRecording: boolean): readonly Command[] {
  return toCommands({ ...ALWAYS, ...HOST_ONLY, ...(isRecording ? RECORDED : {}) }, null, "");
}

/** @param folder `pods/NAMESPACE_NAME/`, under which a bundle files what was read of a pod's namespace. */
export function podCommands(path: string, folder: string, isRecording: boolean): readonly Command[] {
  return toCommands({ ...ALWAYS, ...(isRecording ? RECORDED : {}) }, path, folder);
}

/**
 * Netfilter and sockets: what to run depends on the survey. A tool whose kernel module is not loaded is left alone, for it would
 * load it; where there is no module there is nothing to read either.
 * @param inode of the namespace, `self` for the node's own.
 */
export function gatedCommands(survey: Survey | null, inode: string, path: string | null, folder: string): Round {
  const wanted: Record<string, readonly string[]> = {};
  const empty = new Set<string>();
  const present = new Set<string>();
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
    else {
      wanted[`${tool}-legacy-save`] = [legacySaveTool(survey, tool), "-c"];
      if (survey !== null) present.add(`${tool}-legacy-save`);
    }
  }
  unlessAbsent("nf_tables", "nft-ruleset", ["nft", "-j", "list", "ruleset"]);
  if (path === null) unlessAbsent("nf_tables", "nft-chains", ["nft", "list", "chains"]);
  if (path === null) unlessAbsent("ip_set", "ipset-save", ["ipset", "save"]);
  wanted["sysctl-net"] = listSysctls(survey, path === null);
  const byProc = absent("tcp_diag") || absent("udp_diag");
  // -p looks into every process of the node, which would be too slow for each pod again.
  const listSockets = ["ss", path === null ? "-tuanp" : "-tuan"];
  wanted.ss = byProc ? ["env", BY_PROC, ...listSockets] : listSockets;
  unlessAbsent("ip_vs", "ip-vs", survey === null ? null : ["cat", "/proc/net/ip_vs"]);
  const canList = survey === null || (survey.tools.has("conntrack") && !absent("nf_conntrack_netlink"));
  // The kernel's own file holds both families.
  const lists = canList ? LIST_CONNECTIONS : { conntrack: ["cat", "/proc/net/nf_conntrack"] };
  for (const [name, argv] of Object.entries(lists)) {
    if (survey?.untracked.has(inode)) empty.add(name);
    else unlessAbsent("nf_conntrack", name, argv);
  }
  if (canList && path === null) unlessAbsent("nf_conntrack", "conntrack-stats", ["conntrack", "-S"]);
  return { commands: toCommands(wanted, path, folder), expected: { empty, present } };
}

/**
 * `sysctl` needs three to five times as long for the same. Not the timers of neighbours: reading the deprecated ones makes the kernel
 * log a warning.
 */
function listSysctls(survey: Survey | null, isHost: boolean): readonly string[] {
  if (!survey?.tools.has("grep-exclude-dir")) return ["sysctl", "net"];
  const places = isHost
    ? ["/proc/sys/net", "/proc/sys/net/ipv4/neigh/default/gc_thresh3", "/proc/sys/net/ipv6/neigh/default/gc_thresh3"]
    : ["/proc/sys/net/ipv4", "/proc/sys/net/ipv6"];
  return ["grep", "-rs", "--exclude-dir=neigh", "", ...places];
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

function toCommands(
  table: Readonly<Record<string, readonly string[]>>,
  netns: string | null,
  folder: string,
): Command[] {
  return Object.entries(table).map(([name, argv]) => ({ name: `${folder}${name}`, argv, netns }));
}
