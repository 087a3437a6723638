import { z } from "zod";
import { parseIp, parsePrefix } from "../../facts/ip.ts";

/** A verdict may come from anywhere: every parameter is checked before it becomes a word of a command. */

/** dev_valid_name (net/core/dev.c), and nothing that a tool would take for an option. */
export const linkName = z.string().regex(/^[^\s/:-][^\s/:]{0,14}$/);
export const ipText = z.string().refine((text) => parseIp(text) !== null && !text.includes("%"));
export const prefixText = z.string().refine((text) => parsePrefix(text) !== null);
export const macText = z.string().regex(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/);
export const decimal = z.string().regex(/^\d{1,10}$/);
/** A name or number of /etc/iproute2/rt_*. */
export const iprouteName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/);
export const flag = z.enum(["true", "false"]);
/** Chains of iptables have at most 28 characters, tables of nft more; none needs a space. */
export const netfilterName = z.string().regex(/^[^\s"';{}!-][^\s"';{}]{0,127}$/);
/** RFC 1123. */
export const kubernetesName = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);
/** The namespace to work in, `host` when absent. */
export const netnsParam = z.string().optional();

/** Leaves out what is null: a verdict's params are all strings. */
export function compact(params: Readonly<Record<string, string | number | null | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(params)) {
    if (value !== null && value !== undefined) kept[key] = String(value);
  }
  return kept;
}
