import type { NodeName, Source } from "../../facts/provenance.ts";
import type { Limits, Output, Reader } from "../transport/reader.ts";

/** Runs the commands behind these sources again, one round a node; outputs in the order of the sources. */
export async function reread(
  reader: Reader,
  collected: ReadonlyMap<Source, Output>,
  sources: readonly Source[],
  limits: Limits,
): Promise<readonly Output[]> {
  const byNode = new Map<NodeName, { source: Source; before: Output }[]>();
  for (const source of new Set(sources)) {
    const before = collected.get(source);
    if (before === undefined) throw new Error(`not read in this run: ${source.argv.join(" ")} on ${source.node}`);
    byNode.set(source.node, [...(byNode.get(source.node) ?? []), { source, before }]);
  }
  const after = new Map<Source, Output>();
  await Promise.all(
    [...byNode].map(async ([node, reads]) => {
      const outputs = await reader.run(
        node,
        reads.map(({ before }) => before.command),
        limits,
      );
      for (const [i, { source }] of reads.entries()) {
        const output = outputs[i];
        if (output !== undefined) after.set(source, output);
      }
    }),
  );
  return sources.flatMap((source) => after.get(source) ?? []);
}
