import { realpath } from "node:fs/promises";
import { BundleError } from "../bundle/bundle-error.ts";
import { checkFiles } from "../bundle/check-files.ts";
import { readInside } from "../bundle/files-of-bundle.ts";
import { BUNDLE_LIMITS, MANIFEST } from "../bundle/layout.ts";
import { parseManifest } from "../bundle/manifest.ts";
import { parseJson } from "../bundle/parse-json.ts";
import { type Capture, NOT_IN_BUNDLE } from "../bundle/replay.ts";
import { ListShape } from "../kube/object-shapes.ts";
import { replayByManifest } from "../bundle/replay-by-manifest.ts";
import { replayByName } from "../bundle/replay-by-name.ts";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { Reader } from "./reader.ts";
import { deadStream } from "./runner-stream.ts";

/** Raw outputs of standard tools, replayed. */
export interface Bundle extends Reader {
  /** When it was recorded: what is said of it was so then. */
  readonly recordedAt: string;
  captures(): Promise<readonly Capture[]>;
  /** What a capture holds, cut at `maxBytes`; null when it is gone. */
  capture(
    capture: Capture,
    maxBytes: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly truncated: boolean } | null>;
  /** A list of Kubernetes objects, as `kubectl get KIND -o json` prints it; null when it is not in the bundle. */
  apiObjects(kind: string): Promise<unknown>;
  /** Why it is not. */
  whyNoObjects(kind: string): Phrase;
}

export function isBundle(reader: Reader): reader is Bundle {
  return reader.offline && "captures" in reader && "capture" in reader;
}

/**
 * A bundle as a directory: with a manifest all that it lists is checked first. `name` is what errors call it; one that has to be whole
 * cannot do without a manifest. @throws BundleError
 */
export async function openBundle(
  directory: string,
  { name = directory, isWhole = false }: { readonly name?: string; readonly isWhole?: boolean } = {},
): Promise<Bundle> {
  const root = await realpath(directory).catch((error: Error) => {
    throw new BundleError("unreadable", name, error.message, { cause: error });
  });
  const file = await readInside(root, [MANIFEST], BUNDLE_LIMITS.manifestBytes).catch((error: Error) => {
    throw new BundleError("bad-manifest", name, error.message, { cause: error });
  });
  if (file === null && isWhole) throw new BundleError("not-a-bundle", name, MANIFEST);
  if (file?.truncated) throw new BundleError("too-large", name, MANIFEST);
  const manifest = file === null ? null : parseManifest(file.bytes, name);
  if (manifest !== null) await checkFiles(root, manifest.files, name);
  const replay = manifest === null ? await replayByName(root) : replayByManifest(root, manifest);
  if (replay.nodes.length === 0) throw new BundleError("not-a-bundle", name, "0 nodes");
  return {
    via: phrase("via-bundle"),
    nodes: replay.nodes,
    offline: true,
    recordedAt: replay.recordedAt,
    run: (node, round, limits) => Promise.all(round.map((command) => replay.replay(node, command, limits))),
    tap: () => deadStream("a bundle is a recording: nothing can be tapped"),
    close: async () => {},
    captures: async () => replay.captures,
    capture: ({ path }, maxBytes) => readInside(root, path.split("/"), maxBytes),
    whyNoObjects: (kind) => replay.whyNoObjects(kind) ?? NOT_IN_BUNDLE,
    async apiObjects(kind) {
      const path = ["api", `${kind}.json`];
      const objects = replay.whyNoObjects(kind) === null ? await readInside(root, path, BUNDLE_LIMITS.fileBytes) : null;
      if (objects === null) return null;
      if (objects.truncated) throw new BundleError("too-large", name, path.join("/"));
      try {
        const list = parseJson(objects.bytes);
        return ListShape.parse(list) && list;
      } catch (error) {
        const why = error instanceof SyntaxError ? error.message.slice(0, 200) : "no list";
        throw new BundleError("bad-object", name, `${path.join("/")}: ${why}`, { cause: error });
      }
    },
  };
}
