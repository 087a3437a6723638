import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { NodeName } from "../../facts/provenance.ts";
import { EMPTY_OUTPUT } from "../collect/readings.ts";
import { HERE } from "../transport/inventory.ts";
import type { Output } from "../transport/reader.ts";
import { directoriesIn, readInside } from "./files-of-bundle.ts";
import { fileOf, isPart, NOT_NODES } from "./layout.ts";
import { firstPacketAt } from "./recorded-at.ts";
import { type Capture, NO_OUTPUT, NOT_IN_BUNDLE, type Replay } from "./replay.ts";

const PCAP = ".pcap";
/**
 * A node has rules in the one or the other: kubelet keeps a chain that tells whether somebody flushed them (KUBE-KUBELET-CANARY,
 * pkg/kubelet/kubelet_network_linux.go). Where both files are empty, neither tool was there.
 */
const TWINS: ReadonlyMap<string, string> = new Map([
  ["iptables-save.txt", "iptables-legacy-save.txt"],
  ["iptables-legacy-save.txt", "iptables-save.txt"],
]);

/** A directory without a manifest, where names alone tell what is what: NODE/FILE.txt, NODE/pods/POD/FILE.txt, capture/NODE.pcap. */
export async function replayByName(root: string): Promise<Replay> {
  const nodes = (await directoriesIn(root)).filter((name) => !NOT_NODES.has(name));
  const captures = await capturesIn(root);
  const recordedAt = (await firstPacketAt(root, captures)) ?? (await stat(root)).mtime.toISOString();
  return {
    nodes,
    captures,
    recordedAt,
    whyNoObjects: () => null,
    async replay(node, command, limits): Promise<Output> {
      const output = { ...NO_OUTPUT, node, command, at: recordedAt };
      try {
        if (command.name === "survey") {
          return { ...output, status: 0, failure: null, stdout: Buffer.from(await surveyPods(root, node)) };
        }
        const file = fileOf(command);
        const path = [node, ...(command.netns?.split("/") ?? []), file];
        const read = await readInside(root, path, limits.maxBytes);
        if (read === null) return { ...output, failure: NOT_IN_BUNDLE };
        const twin = command.netns === null && node !== HERE ? TWINS.get(file) : undefined;
        if (twin !== undefined && read.bytes.length === 0 && (await isEmpty(root, [node, twin])))
          return { ...output, failure: EMPTY_OUTPUT };
        const { bytes, truncated } = read;
        return { ...output, status: 0, stdout: bytes, truncated, failure: null };
      } catch (error) {
        return { ...output, failure: (error as Error).message };
      }
    },
  };
}

async function isEmpty(root: string, path: readonly string[]): Promise<boolean> {
  return ((await readInside(root, path, 1))?.bytes.length ?? 0) === 0;
}

async function capturesIn(root: string): Promise<readonly Capture[]> {
  const names = await readdir(join(root, "capture")).catch(() => []);
  return names
    .filter((name) => name.endsWith(PCAP) && isPart(name))
    .sort()
    .map((name) => ({
      node: name.slice(0, -PCAP.length),
      netns: null,
      path: `capture/${name}`,
      only: null,
      why: null,
    }));
}

/** What the survey of a live node says of its pods' namespaces, from the directories here: `pods/NAME` stands for the path. */
async function surveyPods(root: string, node: NodeName): Promise<string> {
  const lines: string[] = [];
  for (const pod of isPart(node) ? await directoriesIn(join(root, node, "pods")) : []) {
    const read = await readInside(root, [node, "pods", pod, "ip-addr.txt"], 1 << 20);
    for (const [, address] of (read?.bytes.toString("utf8") ?? "").matchAll(/^ {4}inet6? ([0-9a-fA-F.:]+)/gm)) {
      lines.push(`address pods/${pod} pods/${pod} ${address}`);
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}
