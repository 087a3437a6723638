import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import type { Branch, Walk } from "../../think/walk/branch.ts";
import { headersText } from "./walk-text.ts";

/** A walk as `-o json` prints it: plain values, addresses as text. */
export function jsonOf(walk: Walk): unknown {
  return {
    schema: "lasthop/walk/v1",
    flow: { ...walk.flow, src: walk.flow.src?.text ?? null, dst: walk.flow.dst.text },
    branches: walk.branches.map(branchJson),
  };
}

function branchJson(branch: Branch): unknown {
  return {
    weight: branch.weight,
    end: branch.end,
    node: nodeOf(branch.netns),
    netns: netnsNameOf(branch.netns),
    interface: branch.link,
    unknown: branch.unknown?.why ?? null,
    to: { ip: branch.destination.ip.text, port: branch.destination.port },
    steps: branch.steps.map((step) => ({
      kind: step.kind,
      node: nodeOf(step.netns),
      netns: netnsNameOf(step.netns),
      interface: step.link,
      detail: step.detail,
      packet: headersText(step.packet.headers),
      because: step.because === null ? null : { argv: step.because.source.argv, line: step.because.line },
    })),
    reply: branch.reply.map(branchJson),
  };
}
