import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ETC_NETNS } from "./paths.ts";

/** Both ld.so and libfaketime take it for a comment. */
const MOUNT_POINT = "# Empty: a node of a lasthop lab has this file mounted over, see ip-netns(8).\n";

/** A file that one namespace has instead of the machine's own; `ip netns exec` mounts it over /etc (iproute2, lib/namespace.c). */
export function writeEtcFile(netns: string, name: string, text: string): void {
  const file = join(ETC_NETNS, netns, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The same for a file that the machine itself need not have: an empty one is made to be mounted over. */
export function writeOwnEtcFile(netns: string, name: string, text: string): void {
  const machines = join("/etc", name);
  if (!existsSync(machines)) writeFileSync(machines, MOUNT_POINT);
  writeEtcFile(netns, name, text);
}

export function removeOwnEtcFile(netns: string, name: string): void {
  rmSync(join(ETC_NETNS, netns, name), { force: true });
  removeMountPoint(name);
}

/** Everything of a namespace, and what was made on the machine for it alone. */
export function removeEtcFiles(netns: string): void {
  const names = list(join(ETC_NETNS, netns));
  rmSync(join(ETC_NETNS, netns), { recursive: true, force: true });
  for (const name of names) removeMountPoint(name);
}

/** The namespaces that have files of their own. */
export function etcNetns(): readonly string[] {
  return list(ETC_NETNS);
}

function removeMountPoint(name: string): void {
  if (etcNetns().some((netns) => existsSync(join(ETC_NETNS, netns, name)))) return;
  const machines = join("/etc", name);
  try {
    if (readFileSync(machines, "utf8") === MOUNT_POINT) rmSync(machines, { force: true });
  } catch {
    // The machine has none, or a directory.
  }
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
