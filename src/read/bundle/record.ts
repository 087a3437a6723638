import type { NodeName } from "../../facts/provenance.ts";
import type { Command, Output, Reader } from "../transport/reader.ts";
import type { BundleWriter } from "./bundle-writer.ts";
import { asPart, fileOf } from "./layout.ts";
import { withoutSecrets } from "./redact.ts";

const STDERR_CHARS = 300;

/** A Reader that also files every output into a bundle. */
export function recording(reader: Reader, writer: BundleWriter): Reader {
  const folders = new Folders();
  return {
    ...reader,
    async run(node, round, limits) {
      const outputs = await reader.run(node, round, limits);
      for (const output of outputs) {
        const file = fileOf(output.command);
        const path = [asPart(node), ...folders.of(node, output.command), file].join("/");
        await writer.add(entryOf(path, output), withoutSecrets(file, output.stdout));
      }
      return outputs;
    },
  };
}

function entryOf(path: string, { node, command, status, failure, stderr, truncated, at }: Output) {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return {
    path,
    node,
    netns: command.netns,
    argv: [...command.argv],
    status,
    failure,
    stderr: said.slice(0, STDERR_CHARS),
    truncated,
    at,
  };
}

/** A folder for each namespace: the pod's name, where the command tells it. */
class Folders {
  readonly #known = new Map<string, string>();
  readonly #taken = new Set<string>();

  of(node: NodeName, { name, netns }: Command): readonly string[] {
    if (netns === null) return [];
    const key = `${node} ${netns}`;
    const known = this.#known.get(key);
    if (known !== undefined) return ["pods", known];
    const wanted = asPart(/^pods\/(.+)\/[^/]*$/.exec(name)?.[1] ?? "netns");
    let folder = wanted;
    for (let n = 2; this.#taken.has(`${node} ${folder}`); n += 1) folder = `${wanted}-${n}`;
    this.#taken.add(`${node} ${folder}`);
    this.#known.set(key, folder);
    return ["pods", folder];
  }
}
