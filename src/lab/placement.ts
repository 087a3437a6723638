import { type Chance, drawLetters, pick, pickSome } from "./chance.ts";

export type App = "frontend" | "backend" | "web" | "dns";

/** Which nodes there are, and which pods run on them. */
export interface Placement {
  /** The lab's URLs lead to the first. */
  readonly nodes: readonly PlacedNode[];
  readonly pods: readonly PlacedPod[];
}

export interface PlacedNode {
  readonly name: string;
  /** Its address in the LAN ends in this. */
  readonly host: number;
  /** Its pods live in the block of this number of the cluster's network. */
  readonly block: number;
}

export interface PlacedPod {
  readonly app: App;
  /** An index in `nodes`. */
  readonly on: number;
  /** Its address is so far behind the first of the node's block. */
  readonly offset: number;
}

/** How the CNI cuts the cluster's network into blocks. */
export interface Blocks {
  readonly count: number;
  readonly addresses: number;
  /** The block of the documented lab's n-th node. */
  readonly usual: (index: number) => number;
}

/**
 * As docs/lab.md shows it: the gateway on the first node, its backend on the second, DNS on the last, web on all in turn.
 * @param web so many pods of web; one on every node when left out
 */
export function usualPlacement(count: number, blocks: Blocks, web = count): Placement {
  const all = Array.from({ length: count }, (_, index) => index);
  const wanted: readonly (readonly [App, readonly number[]])[] = [
    ["frontend", [0]],
    ["backend", [Math.min(1, count - 1)]],
    ["web", Array.from({ length: web }, (_, index) => index % count)],
    ["dns", [count - 1]],
  ];
  const used = all.map(() => FIRST_OFFSET);
  return {
    nodes: all.map((index) => ({ name: `k${index + 1}`, host: 141 + index, block: blocks.usual(index) })),
    pods: wanted.flatMap(([app, on]) =>
      on.map((node) => {
        const offset = used[node] ?? FIRST_OFFSET;
        used[node] = offset + 1;
        return { app, on: node, offset };
      }),
    ),
  };
}

/**
 * Drawn: everything, but that the gateway and its backend are on two nodes where there are two.
 * @param webPods so many pods of web; drawn when left out
 */
export function drawPlacement(chance: Chance, count: number, blocks: Blocks, webPods?: number): Placement {
  const all = range(0, count);
  const names = drawNames(chance, count);
  const hosts = pickSome(chance, HOSTS, count);
  const numbers = pickSome(chance, range(0, blocks.count), count);
  const [frontend = 0, backend = frontend] = pickSome(chance, all, Math.min(2, count));
  const web = Array.from({ length: webPods ?? 2 + chance.below(3) }, () => pick(chance, all));
  const wanted: readonly (readonly [App, number])[] = [
    ["frontend", frontend],
    ["backend", backend],
    ...web.map((on) => ["web", on] as const),
    ["dns", pick(chance, all)],
  ];
  const offsets = pickSome(chance, range(FIRST_OFFSET, blocks.addresses - 1), wanted.length);
  return {
    nodes: all.map((index) => ({
      name: names[index] as string,
      host: hosts[index] as number,
      block: numbers[index] as number,
    })),
    pods: wanted.map(([app, on], index) => ({ app, on, offset: offsets[index] as number })),
  };
}

/** How many nodes a seed chooses where nobody says. */
export function drawNodeCount(chance: Chance): number {
  return 2 + chance.below(4);
}

/** The first address is the tunnel device's, and the second the bridge's (flannel). */
const FIRST_OFFSET = 2;

/** The LAN's gateway and the client have lower ones. */
const HOSTS = range(20, 255);

/** As people name machines; none is longer than a port of the LAN may be called (IFNAMSIZ). */
function drawNames(chance: Chance, count: number): string[] {
  const style = pick(chance, [
    (number: number) => `worker-${number}`,
    (number: number) => `n${number}.rack${1 + chance.below(4)}`,
    () => `node-${drawLetters(chance, 5)}`,
  ]);
  return pickSome(chance, range(1, 30), count).map(style);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
