import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import { addAddress } from "./add-address.ts";
import { addRoute } from "./add-route.ts";
import { addRule } from "./add-rule.ts";
import { deleteConntrack } from "./delete-conntrack.ts";
import type { Edit, EditKind, EditOf } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { addPolicyRule, removePolicyRule } from "./policy-rules.ts";
import { removeNeighbour } from "./remove-neighbour.ts";
import { removeRoute } from "./remove-route.ts";
import { isRuleOfAll, removeRule } from "./remove-rule.ts";
import { setBridgePort } from "./set-bridge-port.ts";
import { setFdb } from "./set-fdb.ts";
import { setIpsetEntry } from "./set-ipset-entry.ts";
import { setLinkMtu } from "./set-link-mtu.ts";
import { setLinkUp } from "./set-link-up.ts";
import { setMaster } from "./set-master.ts";
import { setNeighbour } from "./set-neighbour.ts";
import { isPolicyOfAll, setPolicy } from "./set-policy.ts";
import { setSysctl } from "./set-sysctl.ts";
import { setVxlan } from "./set-vxlan.ts";

export const EDIT_KINDS = {
  "set-sysctl": setSysctl,
  "add-route": addRoute,
  "remove-route": removeRoute,
  "add-policy-rule": addPolicyRule,
  "remove-policy-rule": removePolicyRule,
  "remove-rule": removeRule,
  "add-rule": addRule,
  "set-policy": setPolicy,
  "add-address": addAddress,
  "set-link-up": setLinkUp,
  "set-link-mtu": setLinkMtu,
  "set-neighbour": setNeighbour,
  "remove-neighbour": removeNeighbour,
  "set-fdb": setFdb,
  "set-ipset-entry": setIpsetEntry,
  "set-bridge-port": setBridgePort,
  "set-master": setMaster,
  "set-vxlan": setVxlan,
  "delete-conntrack": deleteConntrack,
} as const satisfies { readonly [N in EditKind]: EditMeaning<EditOf<N>> };

function kindOf(edit: Edit): EditMeaning<Edit> {
  return EDIT_KINDS[edit.do] as EditMeaning<Edit>;
}

/** @see EditMeaning.touches */
export function touches(edit: Edit, read: Read): boolean {
  return kindOf(edit).touches(edit, read);
}

/** @see EditMeaning.apply */
export function applyEdit(world: World, edit: Edit): World {
  return kindOf(edit).apply(world, edit);
}

export function applyEdits(world: World, edits: readonly Edit[]): World {
  return edits.reduce(applyEdit, world);
}

/** A rule or a policy that every peer has gives way only where nothing that departs delivers. */
export function costOf({ edit, kind, departure }: Proposal): number {
  const isShared = (edit.do === "remove-rule" || edit.do === "set-policy") && departure === 0;
  return kindOf(edit).cost + (kind === "bypass" || isShared ? 1 : 0);
}

/** It takes away what every peer has too: that is meant, or wrong everywhere. */
export function isOfAll(world: World, edit: Edit): boolean {
  if (edit.do === "remove-rule") return isRuleOfAll(world, edit);
  return edit.do === "set-policy" && isPolicyOfAll(world, edit);
}

/** Every correction, of any kind, that could change the answer to one question. */
export function proposalsFor(world: World, read: Read, context: Context): readonly Proposal[] {
  return Object.values(EDIT_KINDS).flatMap((kind) => (kind as EditMeaning<Edit>).propose(world, read, context));
}

/** Which object of which netns an edit is about, as in a verdict: `object`, `found` and `wanted`. */
export function describeEdit(
  world: World,
  edit: Edit,
): { readonly object: string; readonly found: string | null; readonly wanted: string | null } {
  const kind = kindOf(edit);
  return { object: kind.object(edit), found: kind.found(world, edit), wanted: kind.wanted(edit) };
}

/** The same text for the same edit, whatever fact it was derived from. */
export function editKey(edit: Edit): string {
  const kind = kindOf(edit);
  const rule = edit.do === "remove-rule" ? edit.text : "";
  return [edit.do, edit.netns, kind.object(edit), kind.wanted(edit) ?? "", rule].join("\n");
}
