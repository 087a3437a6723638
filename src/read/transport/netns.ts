import { existsSync, readdirSync } from "node:fs";
import { phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import { type Carrier, TransportError } from "./carrier.ts";
import { HERE, type Inventory } from "./inventory.ts";
import type { Reader, Transport } from "./reader.ts";
import { openRunnerTransport, readerOf } from "./runner-transport.ts";

const NAMED = "/run/netns";
/** Per-namespace files: iproute2, lib/namespace.c, bind_etc(). */
const ETC = "/etc/netns";
const MOST_NAMED = 4;

/** `$1` is the directory; the rest is the command. A file that cannot be mounted is told on stderr, as iproute2 does. */
const BIND_ETC = `from=$1; shift; for f in "$from"/*; do [ -e "$f" ] && mount --bind "$f" "/etc/\${f##*/}"; done; exec "$@"`;

/** Nodes that are network namespaces of this machine. @throws TransportError when not root, or no node has a namespace. */
export function openNetnsReader(inventory: Inventory): Reader {
  return readerOf(openNetnsTransport(inventory));
}

/** For `change/` alone. @throws TransportError when not root, or no node has a namespace. */
export function openNetnsTransport(inventory: Inventory): Transport {
  if (process.getuid?.() !== 0) {
    throw new TransportError(phrase("netns-needs-root"), { hint: phrase("use-sudo") });
  }
  const accesses = [...inventory.nodes, ...(inventory.here === null ? [] : ([[HERE, inventory.here]] as const))];
  const carriers = new Map<NodeName, Carrier>();
  for (const [node, { netns }] of accesses) {
    if (netns !== null) carriers.set(node, () => enterNetns(netns));
  }
  if (carriers.size === 0) {
    throw new TransportError(phrase("no-node-has-netns", { file: inventory.file }), { hint: phrase("give-netns") });
  }
  return openRunnerTransport(phrase("via-netns"), carriers);
}

/**
 * What `ip netns exec` does, but for /sys, which stays as it is: tracefs lies under it, and /sys/class/net is never read.
 * @throws TransportError when there is no such namespace.
 */
function enterNetns(netns: string): readonly string[] {
  const path = netns.startsWith("/") ? netns : `${NAMED}/${netns}`;
  if (netns.includes("..") || !existsSync(path)) {
    throw new TransportError(phrase("no-such-netns", { netns, ...nearNetns(netns) }));
  }
  const name = path.startsWith(`${NAMED}/`) ? path.slice(NAMED.length + 1) : null;
  const etc = `${ETC}/${name}`;
  const enter = ["nsenter", `--net=${path}`, "--"];
  if (name === null || !existsSync(etc)) return enter;
  return [...enter, "unshare", "--mount", "--propagation", "slave", "--", "sh", "-c", BIND_ETC, "lasthop", etc];
}

/** Those whose names begin most alike: a machine may have hundreds. */
function nearNetns(wanted: string): { readonly near: readonly string[]; readonly more: boolean } {
  const names = namedNetns();
  const near = [...names].sort((a, b) => commonStart(b, wanted) - commonStart(a, wanted)).slice(0, MOST_NAMED);
  return { near, more: names.length > near.length };
}

function commonStart(name: string, wanted: string): number {
  let length = 0;
  while (length < name.length && name[length] === wanted[length]) length += 1;
  return length;
}

function namedNetns(): string[] {
  try {
    return readdirSync(NAMED).sort();
  } catch {
    return [];
  }
}
