import type { Ip } from "../../facts/ip.ts";
import { ipFromValue, parseIp } from "../../facts/ip.ts";
import type { Command } from "../transport/reader.ts";
import { SURVEY_SCRIPT } from "./survey-script.ts";

/** A namespace other than the node's own. */
export interface Holder {
  readonly inode: string;
  /** To enter it by, on the node. */
  readonly path: string;
}

export interface Survey {
  readonly tools: ReadonlySet<string>;
  /** Kernel modules known to be loaded (or built in) or known not to be. */
  readonly modules: ReadonlyMap<string, "loaded" | "absent">;
  /** `nf_tables`, `legacy`; null when there is no iptables-save. */
  readonly iptablesFlavour: "nf_tables" | "legacy" | null;
  readonly selfInode: string | null;
  /** Inodes of the namespaces that have a path of their own, /run/netns/NAME mostly. */
  readonly named: ReadonlyMap<string, string>;
  /** Tables of legacy iptables by `4 INODE`, `6 self`. No entry: the kernel has none. `unreadable`: which ones is not known. */
  readonly legacyTables: ReadonlyMap<string, readonly string[]>;
  /** Namespaces, by inode or `self`, known to track no connection. */
  readonly untracked: ReadonlySet<string>;
  /** Those that hold an address that was looked for. */
  readonly holders: ReadonlyMap<string, readonly Holder[]>;
  /** Those that have no address but loopback's and link-local ones. */
  readonly bare: readonly Holder[];
}

export function surveyCommand(addresses: readonly Ip[]): Command {
  const tokens = addresses.map((ip) => (ip.family === 4 ? ip.text : ip.value.toString(16).padStart(32, "0")));
  return { name: "survey", argv: ["sh", "-c", SURVEY_SCRIPT, "lasthop", ...tokens], netns: null };
}

/** Null text: nothing is known of the node beforehand, so everything is tried. */
export function parseSurvey(text: string | null): Survey {
  const tools = new Set<string>();
  const modules = new Map<string, "loaded" | "absent">();
  const named = new Map<string, string>();
  const pathOf = new Map<string, string>();
  const legacyTables = new Map<string, readonly string[]>();
  const untracked = new Set<string>();
  /** By address, then by inode. */
  const held = new Map<string, Map<string, Holder>>();
  const bare = new Map<string, Holder>();
  let iptablesFlavour: Survey["iptablesFlavour"] = null;
  let selfInode: string | null = null;
  const lines = (text ?? "").split("\n").sort((a, b) => Number(isOfNamespace(a)) - Number(isOfNamespace(b)));
  for (const line of lines) {
    const [word = "", first = "", second = "", third = "", ...more] = line.split(" ");
    if (word === "tool") tools.add(first);
    else if (word === "iptables-save") iptablesFlavour = line.includes("(nf_tables)") ? "nf_tables" : "legacy";
    else if (word === "module" && (second === "loaded" || second === "absent")) modules.set(first, second);
    else if (word === "self" && first !== "") selfInode = first;
    else if (word === "named") {
      named.set(first, second);
      if (!pathOf.has(second)) pathOf.set(second, first);
    } else if (word === "connections" && /^0+$/.test(second)) untracked.add(first);
    else if (word === "tables4" || word === "tables6") {
      legacyTables.set(
        `${word.slice(-1)} ${first}`,
        [second, third, ...more].filter((name) => name !== ""),
      );
    } else if (word === "bare" && first !== "") {
      bare.set(first, { inode: first, path: pathOf.get(first) ?? second });
    } else if (word === "address") {
      const address = addressOf(third)?.text;
      if (address === undefined) continue;
      // A process may be gone when its namespace is entered; a name stays.
      const path = pathOf.get(first) ?? second;
      const known = held.get(address) ?? new Map<string, Holder>();
      if (!known.has(first)) known.set(first, { inode: first, path });
      held.set(address, known);
    }
  }
  const holders = new Map([...held].map(([address, byInode]) => [address, [...byInode.values()]]));
  if (selfInode !== null) bare.delete(selfInode);
  return {
    tools,
    modules,
    iptablesFlavour,
    selfInode,
    named,
    legacyTables,
    untracked,
    holders,
    bare: [...bare.values()],
  };
}

/** To be read after the names, by which these are entered. */
function isOfNamespace(line: string): boolean {
  return line.startsWith("address ") || line.startsWith("bare ");
}

function addressOf(token: string): Ip | null {
  return /^[0-9a-f]{32}$/.test(token) ? ipFromValue(6, BigInt(`0x${token}`)) : parseIp(token);
}
