import { constants } from "node:fs";
import { type FileHandle, open, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { NodeName } from "../../facts/provenance.ts";
import { TransportError } from "./carrier.ts";
import type { Command, Limits, Output, Reader } from "./reader.ts";
import { deadStream } from "./runner-stream.ts";

/** Raw outputs of standard tools, replayed: NODE/NAME.txt, NODE/pods/POD/NAME.txt, api/KIND.json, capture/NODE.pcap. */
export interface Bundle extends Reader {
  captures(): Promise<readonly { readonly node: NodeName; readonly path: string }[]>;
  /** The capture of a node's own namespace, cut at `maxBytes`; null when there is none. */
  capture(
    node: NodeName,
    maxBytes: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly truncated: boolean } | null>;
  /** A list of Kubernetes objects, as `kubectl get KIND -o json` prints it; null when it is not in the bundle. */
  apiObjects(kind: string): Promise<unknown>;
}

export function isBundle(reader: Reader): reader is Bundle {
  return reader.offline && "captures" in reader && "capture" in reader;
}

const NOT_NODES = new Set(["api", "capture"]);
const FILE_LIMIT_BYTES = 64 << 20;
/** One part of a path inside a bundle. */
const PART = /^(?!\.)[A-Za-z0-9._:@+-]{1,255}$/;

/** @throws TransportError when the directory is no bundle. */
export async function openBundle(directory: string): Promise<Bundle> {
  const root = await realpath(directory).catch((error: Error) => {
    throw new TransportError(`cannot open the bundle: ${error.message}`, { cause: error });
  });
  const nodes = (await directories(root)).filter((name) => !NOT_NODES.has(name));
  if (nodes.length === 0) throw new TransportError(`${directory} is no bundle: it has no directory for any node`);
  return {
    via: "a bundle",
    nodes,
    offline: true,
    run: (node, round, limits) => Promise.all(round.map((command) => replay(root, node, command, limits))),
    tap: () => deadStream("a bundle is a recording: nothing can be tapped"),
    close: async () => {},
    async captures() {
      const names = await readdir(join(root, "capture")).catch(() => []);
      return names
        .filter((name) => name.endsWith(".pcap") && PART.test(name))
        .sort()
        .map((name) => ({ node: name.slice(0, -".pcap".length), path: join(root, "capture", name) }));
    },
    capture: (node, maxBytes) => readInside(root, ["capture", `${node}.pcap`], maxBytes),
    async apiObjects(kind) {
      const read = await readInside(root, ["api", `${kind}.json`], FILE_LIMIT_BYTES);
      if (read === null) return null;
      if (read.truncated) throw new TransportError(`api/${kind}.json: longer than ${FILE_LIMIT_BYTES} bytes`);
      try {
        return JSON.parse(read.bytes.toString("utf8"));
      } catch (error) {
        throw new TransportError(`api/${kind}.json: ${(error as Error).message}`, { cause: error });
      }
    },
  };
}

async function replay(root: string, node: NodeName, command: Command, limits: Limits): Promise<Output> {
  const output = { node, command, status: null, stdout: new Uint8Array(), stderr: "", truncated: false, durationMs: 0 };
  const at = new Date().toISOString();
  try {
    if (command.name === "survey") {
      return { ...output, status: 0, failure: null, at, stdout: Buffer.from(await surveyPods(root, node)) };
    }
    const name = command.name.slice(command.name.lastIndexOf("/") + 1);
    const file = `${name}.${command.argv.includes("-j") ? "json" : "txt"}`;
    const read = await readInside(root, [node, ...(command.netns?.split("/") ?? []), file], limits.maxBytes);
    if (read === null) return { ...output, failure: "not in the bundle", at };
    const { bytes, truncated, modifiedAt } = read;
    return { ...output, status: 0, stdout: bytes, truncated, failure: null, at: modifiedAt.toISOString() };
  } catch (error) {
    return { ...output, failure: (error as Error).message, at };
  }
}

/** What the survey of a live node says of its pods' namespaces, from the directories here: `pods/NAME` stands for the path. */
async function surveyPods(root: string, node: NodeName): Promise<string> {
  const lines: string[] = [];
  for (const pod of PART.test(node) ? await directories(join(root, node, "pods")) : []) {
    const read = await readInside(root, [node, "pods", pod, "ip-addr.txt"], 1 << 20);
    for (const [, address] of (read?.bytes.toString("utf8") ?? "").matchAll(/^ {4}inet6? ([0-9a-fA-F.:]+)/gm)) {
      lines.push(`address pods/${pod} pods/${pod} ${address}`);
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

async function directories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && PART.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}

/** Null when there is no such file. A name that climbs out, or a link that leads out, is refused. */
async function readInside(root: string, parts: readonly string[], maxBytes: number) {
  if (!parts.every((part) => PART.test(part))) throw new TransportError(`not a file of a bundle: ${parts.join("/")}`);
  const path = join(root, ...parts);
  let file: FileHandle;
  try {
    if (!(await realpath(path)).startsWith(root + sep))
      throw new TransportError(`${parts.join("/")} leads out of the bundle`);
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const { size, mtime } = await stat(path);
    if (!(await file.stat()).isFile()) throw new TransportError(`${parts.join("/")} is no regular file`);
    const bytes = Buffer.alloc(Math.min(size, maxBytes));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return { bytes: bytes.subarray(0, bytesRead), truncated: size > maxBytes, modifiedAt: mtime };
  } finally {
    await file.close();
  }
}
