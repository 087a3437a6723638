import type { lab as english } from "./en.ts";

/** What the commands of the lab say; its errors and faults carry their own words. */
export const lab: typeof english = {
  isUp: (p) => `实验环境“${p.lab}”已建好，用时 ${p.seconds} 秒`,
  removed: (p) => `已拆除：${p.labs.join("、")}`,
  removedOne: (p) => `已拆除实验环境“${p.lab}”`,
  noLab: "本来就没有实验环境",
  noSuchLab: (p) => `本来就没有实验环境“${p.lab}”`,
  injected: (p) =>
    `${p.node === null ? "" : `节点 ${p.node}：`}已注入 ${p.fault}。撤销：lasthop lab heal --name ${p.lab}`,
  healed: (p) => `${p.node === null ? "" : `节点 ${p.node}：`}${p.fault} 已恢复`,
  noFaults: (p) => `实验环境“${p.lab}”没有注入故障`,
  noLabs: "没有实验环境；建一个：lasthop lab up",
};
