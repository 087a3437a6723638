import { phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import { NOT_READ } from "../collect/readings.ts";
import { readInside } from "./files-of-bundle.ts";
import { fileOf } from "./layout.ts";
import type { FileEntry, Manifest } from "./manifest.ts";
import { type Capture, NO_OUTPUT, NOT_IN_BUNDLE, type Replay } from "./replay.ts";

/** A recording whose manifest tells where each output came from and how it ended. */
export function replayByManifest(root: string, { at: recordedAt, files }: Manifest): Replay {
  const outputs = new Map<string, FileEntry>();
  const captures: Capture[] = [];
  const unread = new Map<string, string>();
  const nodes = new Set<NodeName>();
  const listed = new Set(files.map(({ path }) => path));
  for (const entry of files) {
    const { path, node, netns, only = null, failure, truncated } = entry;
    if (node === null) {
      if (failure !== null) unread.set(path, failure);
    } else if (path.startsWith("capture/")) {
      const why = failure ?? (truncated ? phrase("cut-while-recorded") : null);
      captures.push({ node, netns, path, only, why });
    } else {
      nodes.add(node);
      outputs.set(outputKey(node, netns, path.slice(path.lastIndexOf("/") + 1)), entry);
    }
  }
  return {
    nodes: [...nodes],
    captures,
    recordedAt,
    whyNoObjects: (kind) => unread.get(`api/${kind}.json`) ?? (listed.has(`api/${kind}.json`) ? null : NOT_IN_BUNDLE),
    async replay(node, command, limits) {
      const output = { ...NO_OUTPUT, node, command, at: recordedAt };
      const entry = outputs.get(outputKey(node, command.netns, fileOf(command)));
      // A manifest lists all that was asked for.
      if (entry === undefined) return { ...output, failure: NOT_READ };
      const { status, failure, stderr, at } = entry;
      try {
        const read = await readInside(root, entry.path.split("/"), limits.maxBytes);
        const stdout = read?.bytes ?? output.stdout;
        const truncated = entry.truncated || (read?.truncated ?? false);
        return { ...output, status, failure, stderr, at, truncated, stdout };
      } catch (error) {
        return { ...output, failure: (error as Error).message };
      }
    },
  };
}

function outputKey(node: NodeName, netns: string | null, file: string): string {
  return JSON.stringify([node, netns, file]);
}
