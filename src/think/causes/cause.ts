import type { World } from "../../facts/world.ts";
import type { Branch } from "../walk/branch.ts";
import type { Edit } from "../walk/edits/edit.ts";

/** What the search found: the leg that ends badly, and the change that would deliver it. */
export interface Finding {
  readonly world: World;
  /** The leg that ends badly. */
  readonly at: Branch;
  /** One cheapest correction, in the order of the path. */
  readonly edits: readonly Edit[];
}

/** Values for a cause's words. `node`, `object`, `found` and `wanted` are always there. */
export type Params = Readonly<Record<string, string>>;

/** How many of the finding's edits this cause accounts for, from the first, and which of them names its object. */
export interface Recognised {
  readonly covers: number;
  readonly object: number;
  readonly params: Params;
}

export interface CauseWords {
  /** One sentence that names the node and the fact. */
  readonly summary: (p: Params) => string;
}

/** A mechanism with a name. It names a finding and finds nothing itself. */
export interface Cause {
  readonly id: string;
  readonly layer:
    | "sysctl"
    | "netfilter"
    | "route"
    | "link"
    | "tunnel"
    | "neighbour"
    | "address"
    | "mtu"
    | "policy"
    | "service"
    | "socket"
    | "fabric"
    | "node"
    | "conntrack";
  readonly words: { readonly en: CauseWords; readonly zh: CauseWords };
  readonly recognise: (finding: Finding) => Recognised | null;
}

/** The usual answer: the first edit is the cause, and it alone. */
export function single(params: Params = {}): Recognised {
  return { covers: 1, object: 0, params };
}

function podOf({ netns = "" }: Params): string | null {
  return netns.startsWith("pod:") ? netns.slice(4) : null;
}

/** Whose fact it is: a node's own, or that of a pod's namespace there. */
export const WHOSE = {
  en: (p: Params): string => (podOf(p) === null ? `Node ${p.node}` : `${podOf(p)} on ${p.node}`),
  zh: (p: Params): string => (podOf(p) === null ? `节点 ${p.node}` : `节点 ${p.node} 上的 ${podOf(p)}`),
} as const;

/** The same behind a noun: `a route on k2`, `a route of default/web on k2`. */
export const WHERE = {
  en: (p: Params): string => (podOf(p) === null ? `on ${p.node}` : `of ${podOf(p)} on ${p.node}`),
  zh: (p: Params): string => (podOf(p) === null ? `节点 ${p.node} ` : `节点 ${p.node} 上 ${podOf(p)} `),
} as const;
