import type { PolicyRule } from "../../../facts/netns.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { tableName } from "../route/words.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning, Proposal } from "./edit-meaning.ts";
import { departure, peersOf } from "./peers.ts";
import { isKnown, replaceTable, rowsOf } from "./replace-table.ts";

type Add = EditOf<"add-policy-rule">;
type Remove = EditOf<"remove-policy-rule">;

export const addPolicyRule: EditMeaning<Add> = {
  cost: 1,
  touches: touchesRules,
  apply: (world, edit) =>
    replaceTable(world, edit.netns, "rules", (rules) => {
      if (rules.some(isSameAs(edit.rule))) return rules;
      return [...rules, edit.rule].sort((a, b) => a.priority - b.priority);
    }),
  propose: proposeAdding,
  object: (edit) => `ip rule ${edit.rule.priority}`,
  found: (world, edit) => present(world, edit),
  wanted: (edit) => ruleText(edit.rule),
};

export const removePolicyRule: EditMeaning<Remove> = {
  cost: 1,
  touches: touchesRules,
  apply: (world, edit) =>
    replaceTable(world, edit.netns, "rules", (rules) => {
      const isIt = isSameAs(edit.rule);
      const left = rules.filter((rule) => !isIt(rule));
      return left.length === rules.length ? rules : left;
    }),
  propose: proposeRemoving,
  object: (edit) => `ip rule ${edit.rule.priority}`,
  found: (world, edit) => present(world, edit),
  wanted: () => null,
};

function touchesRules(edit: Add | Remove, read: Read): boolean {
  return read.of === "policy-rules" && read.netns === edit.netns;
}

function present(world: World, edit: Add | Remove): string | null {
  return rowsOf(world, edit.netns, "rules").some(isSameAs(edit.rule)) ? ruleText(edit.rule) : null;
}

/** What every peer has and this one lacks. */
function proposeAdding(world: World, read: Read): readonly Proposal<Add>[] {
  if (read.of !== "policy-rules" || !isKnown(world, read.netns, "rules")) return [];
  const own = rowsOf(world, read.netns, "rules");
  const [first, ...others] = peersOf(world, read.netns).filter((peer) => peer.rules.known);
  if (first === undefined) return [];
  return rowsOf(world, first.id, "rules")
    .filter((rule) => !own.some(isSameAs(rule)))
    .filter((rule) => others.every((peer) => rowsOf(world, peer.id, "rules").some(isSameAs(rule))))
    .map((rule) => ({ edit: { do: "add-policy-rule", netns: read.netns, rule }, kind: "cure", departure: 1 }));
}

/** The three that the kernel makes (fib_default_rules_init) are never too many. */
function proposeRemoving(world: World, read: Read): readonly Proposal<Remove>[] {
  if (read.of !== "policy-rules") return [];
  const peers = peersOf(world, read.netns).filter((peer) => peer.rules.known);
  return rowsOf(world, read.netns, "rules").flatMap((rule) => {
    const text = ruleText(rule);
    const elsewhere = peers.map((peer) => (rowsOf(world, peer.id, "rules").some(isSameAs(rule)) ? text : null));
    const departs = departure(text, elsewhere);
    if ([0, 32766, 32767].includes(rule.priority) || departs === 0) return [];
    return [{ edit: { do: "remove-policy-rule", netns: read.netns, rule }, kind: "cure", departure: departs }];
  });
}

/** Both families have rules of the same words. */
function isSameAs(rule: PolicyRule): (other: PolicyRule) => boolean {
  const text = ruleText(rule);
  return (other) => other.family === rule.family && ruleText(other) === text;
}

/** As `ip rule` prints it: `32766: from all lookup main`. */
export function ruleText(rule: PolicyRule): string {
  const words = [`${rule.priority}:`];
  if (rule.invert) words.push("not");
  words.push("from", rule.from?.text ?? "all");
  if (rule.to !== null) words.push("to", rule.to.text);
  if (rule.tos !== null) words.push("tos", hex(rule.tos));
  if (rule.fwmark !== null)
    words.push("fwmark", hex(rule.fwmark.value) + (rule.fwmark.mask === 0xffffffff ? "" : `/${hex(rule.fwmark.mask)}`));
  if (rule.iif !== null) words.push("iif", rule.iif);
  if (rule.oif !== null) words.push("oif", rule.oif);
  if (rule.ipProtocol !== null) words.push("ipproto", String(rule.ipProtocol));
  if (rule.sport !== null) words.push("sport", rule.sport.join("-"));
  if (rule.dport !== null) words.push("dport", rule.dport.join("-"));
  words.push(...rule.unknown);
  if (rule.action.do === "lookup") words.push("lookup", tableName(rule.action.table));
  else if (rule.action.do === "goto") words.push("goto", String(rule.action.priority));
  else words.push(rule.action.do);
  if (rule.suppressPrefixLength !== null) words.push("suppress_prefixlength", String(rule.suppressPrefixLength));
  return words.join(" ");
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
