import { existsSync } from "node:fs";
import { hasProgram } from "../../src/lab/preflight.ts";

/** What a fault needs of the machine itself and this one lacks; null where nothing is missing. */
export function missingPart(fault: string): string | null {
  if (fault === "legacy-nft-split" && !hasProgram("iptables-legacy")) return "iptables-legacy";
  if (fault === "clock-skew" && !hasProgram("faketime")) return "faketime";
  if (fault === "bridge-nf-off" && !existsSync("/proc/sys/net/bridge")) return "br_netfilter";
  return null;
}
