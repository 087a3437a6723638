import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { LabError } from "./lab-error.ts";
import type { Plan } from "./plan.ts";
import { findKubelet } from "./processes.ts";
import { iptables } from "./rules/iptables-tool.ts";
import { tryRun } from "./run.ts";

/** Everything that can be refused before the first thing is made. */
export async function checkMachine(plan: Plan): Promise<void> {
  if (process.platform !== "linux") throw new LabError("A lab needs Linux.", "Run it on a Linux machine or VM.");
  requireRoot();
  refuseBesideKubelet();
  await iptables();
  if (plan.overlay === "vxlan") await needDeviceType("vxlan", ["id", "1", "dstport", "0"]);
  if (plan.overlay === "ipip") await needDeviceType("ipip", ["local", "127.0.0.1"]);
  if (plan.cni === "calico") await needIpset();
  if (!existsSync("/proc/sys/net/bridge")) await tryRun(["modprobe", "br_netfilter"]).catch(() => null);
}

/** Whether a program of that name is on the PATH. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((directory) => existsSync(join(directory, name)));
}

export function requireRoot(): void {
  if (process.getuid?.() !== 0) throw new LabError("A lab needs root: it lives in network namespaces.", "Use sudo.");
}

/** A lab's faults belong on no machine that is part of a real cluster. */
export function refuseBesideKubelet(): void {
  const kubelet = findKubelet();
  if (!kubelet) return;
  throw new LabError(
    `A kubelet runs on this machine (${kubelet.name}, pid ${kubelet.pid}).`,
    "The lab breaks networks on purpose: run it on a machine that is not part of a cluster.",
  );
}

/** Tries the device in a namespace that ends with the command. */
async function needDeviceType(type: string, options: readonly string[]): Promise<void> {
  const ran = await tryRun(["unshare", "--net", "ip", "link", "add", "probe0", "type", type, ...options]);
  if (ran.code === 0) return;
  throw new LabError(
    `This kernel has no ${type} devices (${ran.stderr.trim() || `exit ${ran.code}`}).`,
    `Load its module (modprobe ${type}), or choose another --overlay: ${["vxlan", "host-gw", "ipip"].filter((other) => other !== type).join(" or ")}.`,
  );
}

async function needIpset(): Promise<void> {
  const ran = await tryRun(["unshare", "--net", "ipset", "create", "probe0", "hash:net"]).catch(() => null);
  if (ran?.code === 0) return;
  throw new LabError(
    `ipset does not work here (${ran ? ran.stderr.trim() : "not installed"}), and Calico's rules need it.`,
    "Install ipset, or choose --cni flannel.",
  );
}
