import { netnsNameOf } from "../../facts/provenance.ts";
import type { Permission } from "../intent/policy/permits.ts";
import type { Branch } from "../walk/branch.ts";
import type { Edit } from "../walk/edits/edit.ts";
import type { Confidence, NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

/** A filter stopped the request itself, not a tunnel's packet that carries it: where policies are enforced. */
export function isFiltered({ leg, at }: { readonly leg: "request" | "reply"; readonly at: Branch }): boolean {
  const isStopped = at.end === "NETFILTER_DROP" || at.end === "NETFILTER_REJECT";
  const headers = at.steps.at(-1)?.packet.headers ?? [];
  return leg === "request" && isStopped && headers.filter((h) => h.kind === "ip").length === 1;
}

/** Declared policies deny it: the network does what it is told to, and there is nothing to repair. */
export function meantDenial(suspect: Suspect, { by, direction }: Permission, confidence: Confidence): NamedCause {
  const policies = by.join(", ");
  const object = `NetworkPolicy ${policies}`;
  const { ip, port } = suspect.branch.destination;
  const to = suspect.tried.flow.protocol === "icmp" ? ip.text : `${ip.text}:${port}`;
  const from = netnsNameOf(suspect.tried.flow.from);
  return {
    id: "netpol-deny",
    node: null,
    netns: null,
    object,
    found: null,
    wanted: null,
    params: { object, policies, direction, to, from: from.startsWith("pod:") ? from.slice(4) : "" },
    confidence,
    edits: [],
    proven: false,
    suspects: [suspect],
  };
}

/** It was met where the walk ends it, and nobody got through by the same way. */
export function confidenceInDenial(suspect: Suspect, kernelDissents: boolean): Confidence {
  const { witness, failed, attempts, tried } = suspect;
  if (attempts > failed || (attempts === 0 && tried.tries.length > 0)) return "suspected";
  return witness === "agree" && failed > 0 && !kernelDissents ? "confirmed" : "likely";
}

/** An edit that lets pass what a rule or a set stops. */
export function opensFilter({ do: what }: Edit): boolean {
  return what === "remove-rule" || what === "set-policy" || what === "set-ipset-entry" || what === "add-rule";
}
