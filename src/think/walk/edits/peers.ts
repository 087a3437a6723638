import type { Netns } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";

/** The cluster's machines; the vantage outside of it (`here`) is none. */
export function hostsOf(world: World): readonly Netns[] {
  return [...world.netns.values()].filter((n) => n.name === "host" && n.node !== "here");
}

/** The others in the same role: machines for a machine, pods for a pod. */
export function peersOf(world: World, id: NetnsId): readonly Netns[] {
  const self = world.netns.get(id);
  if (self === undefined) return [];
  if (self.name === "host") return hostsOf(world).filter((n) => n.id !== id);
  return [...world.netns.values()].filter((n) => n.name !== "host" && n.id !== id);
}

/** The value that more of them have than any other; null when there is none such. */
export function mostCommon<T>(values: readonly T[], keyOf: (value: T) => string = String): T | null {
  const counts = new Map<string, { readonly value: T; count: number }>();
  for (const value of values) {
    const key = keyOf(value);
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { value, count: 1 });
    else entry.count++;
  }
  const ranked = [...counts.values()].sort((a, b) => b.count - a.count);
  const [first, second] = ranked;
  if (first === undefined || first.count === second?.count) return null;
  return first.value;
}

/** Share of the peers that are not as this one is; 0.5 when there is no peer to compare with. */
export function departure(present: string | null, peers: readonly (string | null)[]): number {
  if (peers.length === 0) return 0.5;
  return peers.filter((value) => value !== present).length / peers.length;
}

/** `veth6fd59399`, `cali7c2e5d81a0f`, `eth0` → `veth`, `cali`, `eth`: links of one make, whatever their numbers. */
export function stemOf(link: string): string {
  return /^[a-z_-]*?(?=[0-9a-f]{6,}$|\d)/i.exec(link)?.[0] ?? link;
}
