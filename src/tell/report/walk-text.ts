import pc from "picocolors";
import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import { arrives, type Branch, endText, type Step, type Walk } from "../../think/walk/branch.ts";
import type { Header } from "../../think/walk/packet.ts";
import { STEPS } from "../../think/walk/steps.ts";
import type { Words } from "../i18n/en.ts";
import { phraseText } from "../i18n/phrases.ts";
import { printable } from "./finding-text.ts";

/** A walk, step by step: where, what was decided, and the fact that it rests on. */
export function walkText(
  walk: Walk,
  options: { readonly color: boolean; readonly verbose: boolean; readonly words: Words },
): string {
  const { bold, dim, red, green, yellow } = pc.createColors(options.color);
  const { walk: say } = options.words;
  const lines: string[] = [];
  const total = walk.branches.length;
  for (const [index, branch] of walk.branches.entries()) {
    const chance =
      branch.weight === null || total === 1 ? "" : dim(`  ${say.chance({ chance: branch.weight.toFixed(3) })}`);
    const good = arrives(branch);
    const mark = good === true ? green("✓") : good === false ? red("✗") : yellow("?");
    const { ip, port } = branch.destination;
    lines.push(
      `${mark} ${bold(`${walk.flow.protocol} → ${endText(walk.flow.protocol, ip, port)}`)}${total > 1 ? `  ${say.branch({ number: index + 1, of: total })}` : ""}${chance}`,
    );
    lines.push(...legLines(say.legs.request, branch));
    for (const back of branch.reply) lines.push(...legLines(say.legs.reply, back));
  }
  return lines.join("\n");

  function legLines(leg: string, branch: Branch): string[] {
    const shown: string[] = [dim(`  ${leg}`)];
    let netns = "";
    for (const step of branch.steps) {
      const at = step.netns === netns ? "" : printable(`${nodeOf(step.netns)} ${netnsNameOf(step.netns)}`);
      if (at !== "") shown.push(`    ${bold(printable(at))}`);
      netns = step.netns;
      shown.push(
        `      ${step.kind.padEnd(14)} ${printable(step.link ?? "").padEnd(16)} ${printable(phraseText(step.detail, options.words) || headersText(step.packet.headers))}${options.verbose ? dim(printable(becauseText(step))) : ""}`,
      );
    }
    const paint =
      branch.end === "DELIVERED" || branch.end === "PROXIED" ? green : branch.end === "UNKNOWN" ? yellow : red;
    shown.push(`    ${paint(branch.end)}  ${dim(say.dispositions[branch.end])}`);
    if (branch.unknown !== null) shown.push(`      ${printable(phraseText(branch.unknown.why, options.words))}`);
    return shown;
  }
}

function becauseText(step: Step): string {
  const { because } = step;
  const kernel = `  ${STEPS[step.kind]}`;
  return because === null ? kernel : `${kernel}  [${because.source.argv.join(" ")}:${because.line}]`;
}

/** `10.42.0.0:49152 > 10.42.1.3:8080 tcp`, the outer packet of a tunnel before its inner one. */
export function headersText(headers: readonly Header[]): string {
  const parts: string[] = [];
  let addresses: { src: string; dst: string } | null = null;
  for (const header of headers) {
    if (header.kind === "ip") {
      if (addresses !== null) parts.push(`${addresses.src} > ${addresses.dst}`);
      addresses = { src: header.src.text, dst: header.dst.text };
    } else if ((header.kind === "tcp" || header.kind === "udp") && addresses !== null) {
      parts.push(`${addresses.src}:${header.sport} > ${addresses.dst}:${header.dport} ${header.kind}`);
      addresses = null;
    } else if (header.kind === "icmp" && addresses !== null) {
      parts.push(`${addresses.src} > ${addresses.dst} icmp`);
      addresses = null;
    } else if (header.kind === "vxlan") parts.push(`vxlan ${header.vni}`);
  }
  if (addresses !== null) parts.push(`${addresses.src} > ${addresses.dst}`);
  return parts.join(" | ");
}
