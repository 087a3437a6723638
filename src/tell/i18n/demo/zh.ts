import type { demo as english } from "./en.ts";

/** What the demo tells between its commands. */
export const demo: typeof english = {
  building: (p) => `在本机的 network namespace 里搭一个三节点集群，按 ${p.cni} 的方式布线……`,
  built: (p) =>
    `${p.nodes} 个节点，${p.pods} 个 Pod，一个 Kubernetes API，用时 ${p.seconds} 秒。frontend 把请求代理到另一个节点上的 backend：`,
  broken: (p) =>
    `现在节点 ${p.node} 挂起又恢复：接口 down 了又 up，路由全部回来了，只有一样东西没有回来。所有节点 Ready，所有 Pod Running：`,
  proof: "再像开头那样，从外面访问一次：",
  gone: (p) => `实验环境已拆除。总共 ${p.seconds} 秒。`,
  replaying: (p) =>
    `${p.why === null ? "" : `这里搭不了实验环境（${p.why}）。`}下面是录制下来的那次事故：两台虚拟机，IPIP 走 tunl0，真的睡眠过一次。重放两端的数据和抓包，不发送任何报文；当时 curl 是超时，没有遇到网关。`,
};
