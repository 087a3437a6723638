import { type KubeLists, KIND_PATHS } from "../kube/live.ts";
import { slimList } from "../kube/slim-objects.ts";
import type { BundleWriter } from "./bundle-writer.ts";

/** Files what the API gave, each kind by itself; of one that it did not give, why. */
export async function recordObjects(lists: KubeLists, writer: BundleWriter, at: string): Promise<void> {
  for (const [kind, { list, why }] of lists) {
    const content = why === null ? Buffer.from(`${JSON.stringify(slimList(kind, list))}\n`) : Buffer.alloc(0);
    const entry = { path: `api/${kind}.json`, argv: ["GET", KIND_PATHS[kind]], failure: why, at };
    const isGiven = why === null;
    await writer.add(
      { ...entry, node: null, netns: null, status: isGiven ? 200 : null, stderr: "", truncated: false },
      content,
    );
  }
}
