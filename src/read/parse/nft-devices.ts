import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Parsed } from "./parsed.ts";
import { linesOf, Problems } from "./parsed.ts";

/** Devices of base chains, by `FAMILY TABLE CHAIN`. */
export type ChainDevices = ReadonlyMap<string, readonly string[]>;

/** `nft list chains`: on which devices a chain stands, which JSON leaves out before nft 1.0.7. */
export function parseNftDevices(text: string, _source: Source): Parsed<ChainDevices> {
  const problems = new Problems();
  const devices = new Map<string, readonly string[]>();
  let table = "";
  let chain = "";
  for (const line of linesOf(text)) {
    const opened = /^\s*(table|chain) (.+) \{$/.exec(line.text);
    if (opened?.[1] === "table") table = opened[2] ?? "";
    else if (opened?.[1] === "chain") chain = opened[2] ?? "";
    const bound = /\bhook \w+ devices? (?:= )?(\{[^}]*\}|"[^"]*"|\S+) priority\b/.exec(line.text)?.[1];
    if (bound === undefined) continue;
    const names = [...bound.matchAll(/"([^"]{1,64})"|([^\s{},"]{1,64})/g)].map((m) => m[1] ?? m[2] ?? "");
    if (names.length === 0) problems.add(line, phrase("no-device"));
    else devices.set(`${table} ${chain}`, names);
  }
  return { value: devices, problems: problems.list() };
}
