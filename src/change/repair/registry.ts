import type { Edit } from "../../think/walk/edits/edit.ts";
import { ChangeError } from "../change-error.ts";
import type { RepairKind } from "./kind.ts";
import { addAddress } from "./kinds/add-address.ts";
import { deleteConntrack } from "./kinds/delete-conntrack.ts";
import { setLinkMtu, setLinkUp } from "./kinds/links.ts";
import { removeNeighbour, setNeighbour } from "./kinds/neighbours.ts";
import { addPolicyRule, removePolicyRule } from "./kinds/policy-rules.ts";
import { addRoute, removeRoute } from "./kinds/routes.ts";
import { addRule, removeRule } from "./kinds/rules.ts";
import { patchServiceSelector, patchServiceTargetPort } from "./kinds/services.ts";
import { setBridgePort } from "./kinds/set-bridge-port.ts";
import { setFdb } from "./kinds/set-fdb.ts";
import { setIpsetEntry } from "./kinds/set-ipset-entry.ts";
import { setMaster } from "./kinds/set-master.ts";
import { setPolicy } from "./kinds/set-policy.ts";
import { setSysctl } from "./kinds/set-sysctl.ts";
import { setVxlan } from "./kinds/set-vxlan.ts";

type ApiRepair = "patch-service-selector" | "patch-service-target-port";

/** Every repair by its id: one for each kind of edit, and those of API objects. */
export const REPAIR_KINDS = {
  "set-sysctl": setSysctl,
  "add-route": addRoute,
  "remove-route": removeRoute,
  "add-policy-rule": addPolicyRule,
  "remove-policy-rule": removePolicyRule,
  "add-rule": addRule,
  "remove-rule": removeRule,
  "set-policy": setPolicy,
  "set-link-up": setLinkUp,
  "set-link-mtu": setLinkMtu,
  "set-neighbour": setNeighbour,
  "remove-neighbour": removeNeighbour,
  "set-fdb": setFdb,
  "set-ipset-entry": setIpsetEntry,
  "set-bridge-port": setBridgePort,
  "set-master": setMaster,
  "add-address": addAddress,
  "set-vxlan": setVxlan,
  "delete-conntrack": deleteConntrack,
  "patch-service-selector": patchServiceSelector,
  "patch-service-target-port": patchServiceTargetPort,
} as const satisfies Record<Edit["do"] | ApiRepair, RepairKind>;

/** @throws ChangeError unknown-repair */
export function kindOf(id: string): RepairKind {
  if (!Object.hasOwn(REPAIR_KINDS, id)) throw new ChangeError("unknown-repair", null, id);
  return REPAIR_KINDS[id as keyof typeof REPAIR_KINDS];
}

export function kindOfEdit(edit: Edit): RepairKind {
  return REPAIR_KINDS[edit.do];
}
