/** What the commands of the lab say; its errors and faults carry their own words. */
export const lab = {
  isUp: (p: { lab: string; seconds: string }) => `lab "${p.lab}" is up after ${p.seconds} s`,
  removed: (p: { labs: readonly string[] }) => `removed: ${p.labs.join(", ")}`,
  removedOne: (p: { lab: string }) => `removed lab "${p.lab}"`,
  noLab: "there was no lab",
  noSuchLab: (p: { lab: string }) => `there was no lab "${p.lab}"`,
  injected: (p: { fault: string; node: string | null; lab: string }) =>
    `${p.fault}${p.node === null ? "" : ` on ${p.node}`}: injected.  Undo: lasthop lab heal --name ${p.lab}`,
  healed: (p: { fault: string; node: string | null }) => `${p.fault}${p.node === null ? "" : ` on ${p.node}`}: healed`,
  noFaults: (p: { lab: string }) => `lab "${p.lab}" has no faults`,
  noLabs: "there is no lab; start one: lasthop lab up",
};
