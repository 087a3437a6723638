import type { Fault, FaultLab } from "./faults/fault-type.ts";
import { FAULTS } from "./faults/registry.ts";
import { LabError } from "./lab-error.ts";
import { findNode, type PlannedNode } from "./plan.ts";
import { refuseBesideKubelet } from "./preflight.ts";
import { type ActiveFault, type LabState, requireLab, writeState } from "./state.ts";

/** Breaks a lab; returns the fault as `lab list` shows it. Without a node, the one that breaks the lab's URL. */
export async function injectFault(lab: string, id: string, nodeName?: string): Promise<Omit<ActiveFault, "before">> {
  refuseBesideKubelet();
  const state = requireLab(lab);
  const fault = findFault(id);
  if (!fault.needsNode && nodeName !== undefined) {
    throw new LabError(
      { en: `${id} is a fault of the whole cluster.`, zh: `${id} 是整个集群的故障。` },
      { en: "Leave out --node.", zh: "请去掉 --node。" },
    );
  }
  const { plan } = state;
  const node = nodeName === undefined ? fault.defaultNode(plan) : findNode(plan, nodeName);
  const obstacle = fault.appliesTo(plan, node);
  if (obstacle !== null) {
    throw new LabError(
      { en: `Lab "${lab}" cannot have ${id}: ${obstacle.en}.`, zh: `实验环境“${lab}”造不出 ${id}：${obstacle.zh}。` },
      { en: "See lasthop lab fault, without an ID, for others.", zh: "其他故障见 lasthop lab fault（不带 ID）。" },
    );
  }
  const shown = { id, node: fault.needsNode ? node.name : null, at: new Date().toISOString() };
  if (state.faults.some((active) => active.id === id && active.node === shown.node)) {
    throw new LabError(
      {
        en: `Lab "${lab}" has ${id} already${shown.node ? ` on ${shown.node}` : ""}.`,
        zh: `实验环境“${lab}”${shown.node ? `的节点 ${shown.node} 上` : ""}已经有 ${id} 了。`,
      },
      { en: "Heal first: lasthop lab heal", zh: "请先恢复：lasthop lab heal" },
    );
  }
  const before = await fault.before(world(state), node);
  writeState({ ...state, faults: [...state.faults, { ...shown, before }] });
  await fault.inject(world(state), node, before);
  return shown;
}

/** Puts back what every fault changed, the latest first; returns the healed. */
export async function healFaults(lab: string): Promise<Omit<ActiveFault, "before">[]> {
  const healed: Omit<ActiveFault, "before">[] = [];
  for (;;) {
    const state = requireLab(lab);
    const active = state.faults.at(-1);
    if (!active) return healed;
    const fault = findFault(active.id);
    const node: PlannedNode = active.node === null ? fault.defaultNode(state.plan) : findNode(state.plan, active.node);
    await fault.heal(world(state), node, active.before);
    writeState({ ...state, faults: state.faults.slice(0, -1) });
    healed.push({ id: active.id, node: active.node, at: active.at });
  }
}

export function listFaults(): readonly Pick<Fault, "id" | "summary" | "needsNode">[] {
  return FAULTS;
}

function findFault(id: string): Fault {
  const fault = FAULTS.find((candidate) => candidate.id === id);
  if (fault) return fault;
  throw new LabError(
    { en: `There is no fault "${id}".`, zh: `没有“${id}”这种故障。` },
    {
      en: `There are: ${FAULTS.map((one) => one.id).join(", ")}.`,
      zh: `现有：${FAULTS.map((one) => one.id).join("、")}。`,
    },
  );
}

function world(state: LabState): FaultLab {
  if (!state.api) throw new TypeError("a lab that is up has an API");
  return { plan: state.plan, api: state.api, bundle: state.bundle };
}
