/** The CNI's part of a node's rules: chains, what comes before kube-proxy's jumps in a hook, and what after. */
export interface CniRules {
  tables: Readonly<Record<string, readonly string[]>>;
  filter: {
    chains: readonly string[];
    input: string[];
    forward: string[];
    forwardLast: string[];
    output: string[];
    rules: readonly string[];
  };
  nat: {
    chains: readonly string[];
    prerouting: string[];
    output: string[];
    postrouting: string[];
    postroutingLast: string[];
    rules: readonly string[];
  };
}

/** Rules by table, as `iptables-restore` takes them. */
export function restoreText(tables: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(tables)
    .map(([table, lines]) => [`*${table}`, ...lines, "COMMIT", ""].join("\n"))
    .join("");
}

export function chain(name: string): string {
  return `:${name} - [0:0]`;
}
