import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { removeOwnEtcFile, writeOwnEtcFile } from "../etc.ts";
import type { Said } from "../lab-error.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode } from "./serving-nodes.ts";

const AHEAD_SECONDS = 3600;
const PRELOAD = "ld.so.preload";
const CONFIG = "faketimerc";

/**
 * As after a VM was restored whose clock nobody sets. All namespaces of a machine have one clock (time_namespaces(7) are for
 * the monotonic ones alone), so libfaketime tells another to whatever is started on the node from then on. No packet is lost.
 */
export const clockSkew = defineFault({
  id: "clock-skew",
  summary: {
    en: "the node's clock is an hour ahead: no packet is lost, and what it logs fits nothing that others log",
    zh: "节点的时钟快了一小时：不丢包，但它的日志时间和谁都对不上",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: () => (findLibrary() === null ? NO_LIBRARY : null),
  before: async () => null,
  inject: async (_lab, { netns }) => {
    writeOwnEtcFile(netns, CONFIG, `+${AHEAD_SECONDS}\n`);
    writeOwnEtcFile(netns, PRELOAD, `${machinesPreload()}${findLibrary()}\n`);
  },
  heal: async (_lab, { netns }) => {
    for (const name of [PRELOAD, CONFIG]) removeOwnEtcFile(netns, name);
  },
});

const NO_LIBRARY: Said = {
  en: "this machine lacks libfaketime (package faketime), which tells a node another time",
  zh: "这台机器没有 libfaketime（软件包 faketime），没法让一个节点看到别的时间",
};

/** Debian has it below the architecture's directory, Fedora below lib64. */
function findLibrary(): string | null {
  const directories = ["/usr/lib64", "/usr/lib", ...directoriesIn("/usr/lib")];
  const found = directories.map((directory) => join(directory, "faketime", "libfaketime.so.1")).find(existsSync);
  return found ?? null;
}

function directoriesIn(parent: string): readonly string[] {
  const isTriplet = (name: string) => name.includes("-linux-");
  return readdirSync(parent)
    .filter(isTriplet)
    .map((name) => join(parent, name));
}

function machinesPreload(): string {
  const file = join("/etc", PRELOAD);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
