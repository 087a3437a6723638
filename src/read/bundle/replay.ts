import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { Command, Limits, Output } from "../transport/reader.ts";

/** A capture of one namespace of one node. */
export interface Capture {
  readonly node: NodeName;
  /** As facts name the way into it; null: the node's own. */
  readonly netns: string | null;
  /** Inside the bundle. */
  readonly path: string;
  /** Where the tap heard one link in one direction. */
  readonly only: { readonly link: string; readonly direction: "in" | "out" } | null;
  /** Why its silence proves nothing, as far as whoever captured it knew. */
  readonly why: Phrase | null;
}

/** Which file of a bundle holds what. */
export interface Replay {
  readonly nodes: readonly NodeName[];
  readonly captures: readonly Capture[];
  /** What is said of it was so then. */
  readonly recordedAt: string;
  /** Never rejects: what cannot be had is an output too. */
  replay(node: NodeName, command: Command, limits: Limits): Promise<Output>;
  /** Why a list of objects could not be recorded; null when nothing is known of that. */
  whyNoObjects(kind: string): Phrase | null;
}

export const NOT_IN_BUNDLE = phrase("not-in-bundle");

export const NO_OUTPUT = {
  status: null,
  stdout: new Uint8Array(),
  stderr: "",
  truncated: false,
  durationMs: 0,
} as const;
