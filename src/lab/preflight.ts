import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { LabError } from "./lab-error.ts";
import type { Plan } from "./plan.ts";
import { findKubelet } from "./processes.ts";
import { iptables } from "./rules/iptables-tool.ts";
import { tryRun } from "./run.ts";

/** Everything that can be refused before the first thing is made. */
export async function checkMachine(plan: Plan): Promise<void> {
  if (process.platform !== "linux")
    throw new LabError(
      { en: "A lab needs Linux.", zh: "实验环境需要 Linux。" },
      { en: "Run it on a Linux machine or VM.", zh: "请在 Linux 机器或虚拟机上运行。" },
    );
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
  if (process.getuid?.() !== 0)
    throw new LabError(
      {
        en: "A lab needs root: it lives in network namespaces.",
        zh: "实验环境需要 root：它建在 network namespace 里。",
      },
      { en: "Use sudo.", zh: "请用 sudo。" },
    );
}

/** A lab's faults belong on no machine that is part of a real cluster. */
export function refuseBesideKubelet(): void {
  const kubelet = findKubelet();
  if (!kubelet) return;
  throw new LabError(
    {
      en: `A kubelet runs on this machine (${kubelet.name}, pid ${kubelet.pid}).`,
      zh: `这台机器上跑着 kubelet（${kubelet.name}，pid ${kubelet.pid}）。`,
    },
    {
      en: "The lab breaks networks on purpose: run it on a machine that is not part of a cluster.",
      zh: "实验环境会故意弄坏网络：请在不属于任何集群的机器上运行。",
    },
  );
}

/** Tries the device in a namespace that ends with the command. */
async function needDeviceType(type: string, options: readonly string[]): Promise<void> {
  const ran = await tryRun(["unshare", "--net", "ip", "link", "add", "probe0", "type", type, ...options]);
  if (ran.code === 0) return;
  const others = ["vxlan", "host-gw", "ipip"].filter((other) => other !== type);
  throw new LabError(
    {
      en: `This kernel has no ${type} devices (${ran.stderr.trim() || `exit ${ran.code}`}).`,
      zh: `这个内核没有 ${type} 设备（${ran.stderr.trim() || `exit ${ran.code}`}）。`,
    },
    {
      en: `Load its module (modprobe ${type}), or choose another --overlay: ${others.join(" or ")}.`,
      zh: `请加载它的模块（modprobe ${type}），或者换一个 --overlay：${others.join(" 或 ")}。`,
    },
  );
}

async function needIpset(): Promise<void> {
  const ran = await tryRun(["unshare", "--net", "ipset", "create", "probe0", "hash:net"]).catch(() => null);
  if (ran?.code === 0) return;
  throw new LabError(
    {
      en: `ipset does not work here (${ran ? ran.stderr.trim() : "not installed"}), and Calico's rules need it.`,
      zh: `ipset 在这里用不了（${ran ? ran.stderr.trim() : "没有安装"}），而 Calico 的规则需要它。`,
    },
    { en: "Install ipset, or choose --cni flannel.", zh: "请安装 ipset，或者改用 --cni flannel。" },
  );
}
