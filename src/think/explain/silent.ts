import type { Ip } from "../../facts/ip.ts";
import type { NodeName } from "../../facts/provenance.ts";
import type { Disposition } from "../walk/dispositions.ts";
import type { Confidence, NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

/** A node that could not be read, and that gave its neighbours no sign of life either. */
export interface SilentNode {
  readonly node: NodeName;
  readonly ips: readonly Ip[];
  /** By the API; null where that does not tell. */
  readonly ready: boolean | null;
  /** A neighbour's entry for its address, for which nobody answered; null where none is on its segment, or none could tell. */
  readonly neighbour: { readonly node: NodeName; readonly line: string } | null;
  readonly askers: readonly NodeName[];
}

/** How a walk ends on the way to a machine that is not there: nobody answers for it, or nothing is known beyond. */
const BEYOND_REACH: readonly Disposition[] = ["UNKNOWN", "LEFT_CLUSTER", "NEIGHBOUR_FAILED", "NO_SUCH_HOST"];

/**
 * Packets were lost sooner, where the walk ends them, or would be if any were sent: that a machine further on is silent is then not
 * what stops them.
 */
export function isStoppedBefore({ predicted, witness, attempts }: Suspect): boolean {
  return predicted !== null && (witness === "agree" || attempts === 0) && !BEYOND_REACH.includes(predicted.at.end);
}

/**
 * What is sent to a machine that has gone is lost, whatever else is wrong there. Likely at best: that it has no power, or only
 * no cable, cannot be told from outside.
 */
export function silentCause(suspects: readonly Suspect[], silent: SilentNode): NamedCause {
  const { node, ready, neighbour, askers } = silent;
  // Ping and one port may be filtered; that nobody answers to ARP, or that its kubelet is not heard of, cannot.
  const confidence: Confidence = neighbour !== null || ready === false ? "likely" : "suspected";
  const found = neighbour?.line ?? null;
  const object = `node ${node}`;
  return {
    id: "node-down",
    node,
    netns: "host",
    object,
    found,
    wanted: null,
    params: {
      node,
      netns: "host",
      object,
      askers: askers.join(", "),
      ready: ready === false ? "NotReady" : "Ready",
      ...(found === null ? {} : { found }),
    },
    confidence,
    edits: [],
    proven: false,
    suspects,
  };
}
