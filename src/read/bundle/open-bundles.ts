import { rmSync } from "node:fs";
import { mkdtemp, readdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeName } from "../../facts/provenance.ts";
import { type Bundle, openBundle } from "../transport/bundle.ts";
import { BundleError, openError, writeError } from "./bundle-error.ts";
import { MANIFEST } from "./layout.ts";
import { unpack } from "./unpack.ts";

const ARCHIVE = /\.(?:tar\.gz|tgz)$/;

/**
 * Bundles as one cluster: archives, directories, and directories that hold archives. Archives are unpacked into a private directory that
 * goes when the bundle is closed. @throws BundleError
 */
export async function openBundles(given: readonly string[], signal: AbortSignal | null = null): Promise<Bundle> {
  const parts: { readonly name: string; readonly bundle: Bundle }[] = [];
  try {
    for (const path of given) {
      for (const { name, isArchive } of await bundlesAt(path)) {
        parts.push({ name, bundle: await (isArchive ? openArchive(name, signal) : openBundle(name)) });
      }
    }
    return joined(parts);
  } catch (error) {
    await Promise.all(parts.map(({ bundle }) => bundle.close()));
    throw error;
  }
}

async function bundlesAt(path: string): Promise<readonly { readonly name: string; readonly isArchive: boolean }[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ name: path, isArchive: true }];
    const names = await readdir(path);
    const archives = names.includes(MANIFEST) ? [] : names.filter((name) => ARCHIVE.test(name)).sort();
    if (archives.length === 0) return [{ name: path, isArchive: false }];
    return archives.map((name) => ({ name: join(path, name), isArchive: true }));
  } catch (error) {
    throw openError(path, error as Error);
  }
}

async function openArchive(file: string, signal: AbortSignal | null): Promise<Bundle> {
  const directory = await mkdtemp(join(tmpdir(), "lasthop-bundle-")).catch((error) => {
    throw writeError(tmpdir(), error);
  });
  const forget = (): void => rmSync(directory, { recursive: true, force: true });
  // Whoever interrupts twice does not wait for `close`.
  process.once("exit", forget);
  const close = async (): Promise<void> => {
    process.off("exit", forget);
    forget();
  };
  try {
    await unpack(file, directory, signal);
    return { ...(await openBundle(directory, { name: file, isWhole: true })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Each node is in one of them; objects are those of the first that has them. @throws BundleError duplicate-node */
function joined(parts: readonly { readonly name: string; readonly bundle: Bundle }[]): Bundle {
  const [first, ...rest] = parts;
  if (first === undefined) throw new TypeError("no bundle was given");
  if (rest.length === 0) return first.bundle;
  const holders = new Map<NodeName, Bundle>();
  for (const { name, bundle } of parts) {
    for (const node of bundle.nodes) {
      if (holders.has(node)) throw new BundleError("duplicate-node", name, node);
      holders.set(node, bundle);
    }
  }
  const bundles = parts.map(({ bundle }) => bundle);
  const holderOf = (node: NodeName): Bundle => holders.get(node) ?? first.bundle;
  return {
    ...first.bundle,
    nodes: [...holders.keys()],
    recordedAt: bundles.map(({ recordedAt }) => recordedAt).reduce((a, b) => (a > b ? a : b)),
    run: (node, round, limits) => holderOf(node).run(node, round, limits),
    captures: async () => (await Promise.all(bundles.map((bundle) => bundle.captures()))).flat(),
    capture: (capture, maxBytes) => holderOf(capture.node).capture(capture, maxBytes),
    whyNoObjects: (kind) => first.bundle.whyNoObjects(kind),
    async apiObjects(kind) {
      for (const bundle of bundles) {
        const list = await bundle.apiObjects(kind);
        if (list !== null) return list;
      }
      return null;
    },
    close: async () => void (await Promise.all(bundles.map((bundle) => bundle.close()))),
  };
}
