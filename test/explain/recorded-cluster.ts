import { fileURLToPath } from "node:url";
import type { Cluster } from "../../src/facts/cluster.ts";
import type { World } from "../../src/facts/world.ts";
import { collectWorld } from "../../src/read/collect/collect-world.ts";
import { openRecordedKube } from "../../src/read/kube/recorded.ts";
import { type Bundle, openBundle } from "../../src/read/transport/bundle.ts";

const limits = { timeoutMs: 10_000, maxBytes: 64 << 20 };

/** One of the recorded clusters, with its objects. */
export async function recordedCluster(
  name: string,
): Promise<{ readonly bundle: Bundle; readonly cluster: Cluster; readonly world: World }> {
  const bundle = await openBundle(fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url)));
  const { cluster } = await openRecordedKube(bundle).cluster(limits);
  const { world } = await collectWorld(bundle, cluster, { limits });
  return { bundle, cluster, world };
}
