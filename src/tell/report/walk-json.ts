import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import type { Branch, Walk } from "../../think/walk/branch.ts";
import type { Words } from "../i18n/en.ts";
import { phraseText } from "../i18n/phrases.ts";
import { headersText } from "./walk-text.ts";

/** A walk as `-o json` prints it: plain values, addresses as text. */
export function jsonOf(walk: Walk, words: Words): unknown {
  return {
    schema: "lasthop/walk/v1",
    flow: { ...walk.flow, src: walk.flow.src?.text ?? null, dst: walk.flow.dst.text },
    branches: walk.branches.map((branch) => branchJson(branch, words)),
  };
}

function branchJson(branch: Branch, words: Words): unknown {
  return {
    weight: branch.weight,
    end: branch.end,
    node: nodeOf(branch.netns),
    netns: netnsNameOf(branch.netns),
    interface: branch.link,
    unknown: branch.unknown === null ? null : phraseText(branch.unknown.why, words),
    to: { ip: branch.destination.ip.text, port: branch.destination.port },
    steps: branch.steps.map((step) => ({
      kind: step.kind,
      node: nodeOf(step.netns),
      netns: netnsNameOf(step.netns),
      interface: step.link,
      detail: phraseText(step.detail, words),
      packet: headersText(step.packet.headers),
      because: step.because === null ? null : { argv: step.because.source.argv, line: step.because.line },
    })),
    reply: branch.reply.map((back) => branchJson(back, words)),
  };
}
