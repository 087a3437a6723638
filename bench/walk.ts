/**
 * Walks a second: a request through the recorded clusters to a NodePort and the answer back, and how many stages of the
 * kernel's path that is.
 * npm run bench walk
 */
import { ip } from "../src/facts/ip.ts";
import { walk } from "../src/think/walk/walk.ts";
import { recordedWorld } from "../test/walk/recorded-world.ts";
import { bestCpuMs, perSecond } from "./lib/timing.ts";

const WALKS = 500;
/** Each with the node that asks, and the NodePort that it asks. */
const RECORDED = [
  ["vxlan-healthy", "k2/host", "192.168.6.141"],
  ["vxlan-ip-forward-off", "k2/host", "192.168.6.141"],
  ["ipip-healthy", "node2/host", "192.168.6.141"],
  ["ipip-resumed", "node2/host", "192.168.6.141"],
] as const;

for (const [name, from, address] of RECORDED) {
  const { world } = await recordedWorld(name);
  const dst = ip(address);
  const once = () => walk(world, { from, src: null, dst, protocol: "tcp", sport: 29_999, dport: 30_007, bytes: 60 });
  const branches = once().branches;
  const steps = branches.reduce((sum, branch) => sum + branch.steps.length, 0);
  const ms = bestCpuMs(() => {
    for (let i = 0; i < WALKS; i++) once();
  });
  const ends = [...new Set(branches.map((branch) => branch.end))].join(", ");
  console.log(
    `${name.padEnd(22)}${perSecond(WALKS, ms).padStart(10)}   ${branches.length} branches, ${steps} steps: ${ends}`,
  );
}
