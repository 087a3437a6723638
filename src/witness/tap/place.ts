import type { NetnsId, NodeName } from "../../facts/provenance.ts";

/** A network namespace and the way into it. */
export interface Place {
  readonly netns: NetnsId;
  readonly node: NodeName;
  /** Path on the node (`/proc/PID/ns/net`); null for the node's own. */
  readonly path: string | null;
}
