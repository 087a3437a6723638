import type { Phrase } from "./phrase.ts";
/** A machine of the cluster by its Kubernetes name; `here` is the vantage outside of it. */
export type NodeName = string;

/** `NODE/host` or `NODE/pod:NAMESPACE/NAME`; node names never hold a slash (RFC 1123). */
export type NetnsId = string;

/** `host`, or `pod:NAMESPACE/NAME`; a hostNetwork pod lives in `host`. */
export type NetnsName = string;

/** One command, run once on one node. */
export interface Source {
  readonly node: NodeName;
  readonly netns: NetnsId;
  readonly argv: readonly string[];
  /** RFC 3339, by the clock of the machine that runs Lasthop. */
  readonly at: string;
}

/** Points at the line (1-based) of a source's standard output that a fact rests on. */
export interface Provenance {
  readonly source: Source;
  readonly line: number;
}

/** Unread is not empty: what could not be read says why. */
export type Known<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: Phrase };

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

export function unknown(why: Phrase): { readonly known: false; readonly why: Phrase } {
  return { known: false, why };
}

export function netnsId(node: NodeName, name: NetnsName): NetnsId {
  return `${node}/${name}`;
}

export function nodeOf(id: NetnsId): NodeName {
  return id.slice(0, id.indexOf("/"));
}

export function netnsNameOf(id: NetnsId): NetnsName {
  return id.slice(id.indexOf("/") + 1);
}
