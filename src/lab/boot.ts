import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labPaths, RUN_NETNS } from "./paths.ts";
import type { PlannedNode } from "./plan.ts";

/**
 * Tells a node's boots apart, as /proc/sys/kernel/random/boot_id does; null without power. Its namespace's inode would not do: the
 * kernel gives the numbers of namespaces that are gone to new ones (fs/proc/generic.c, proc_alloc_inum).
 */
export function bootOf(lab: string, { name, netns }: PlannedNode): string | null {
  if (!existsSync(join(RUN_NETNS, netns))) return null;
  const file = bootPath(lab, name);
  return existsSync(file) ? readFileSync(file, "utf8") : "as the lab was built";
}

export function markBoot(lab: string, { name }: PlannedNode): void {
  writeFileSync(bootPath(lab, name), randomUUID());
}

function bootPath(lab: string, node: string): string {
  return join(labPaths(lab).directory, `boot-${node}`);
}
