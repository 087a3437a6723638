import type { Cause } from "./cause.ts";

/** Causes that no walk finds: the API's objects and the fabric. They are named by the rung that found them. */

export const selectorMismatch: Cause = {
  id: "svc-selector-mismatch",
  layer: "service",
  words: {
    en: {
      summary: (p) => `Service ${p.service} selects no pod: ${p.found}; its pods carry ${p.wanted}.`,
    },
    zh: {
      summary: (p) => `Service ${p.service} 没有选中任何 Pod：${p.found}；它的 Pod 的标签是 ${p.wanted}。`,
    },
  },
  recognise: () => null,
};

export const noPods: Cause = {
  id: "svc-no-pods",
  layer: "service",
  words: {
    en: { summary: (p) => `Service ${p.service} has no pods: no live pod carries ${p.selector}.` },
    zh: { summary: (p) => `Service ${p.service} 背后没有 Pod：没有一个存活的 Pod 带有标签 ${p.selector}。` },
  },
  recognise: () => null,
};

export const targetPortWrong: Cause = {
  id: "svc-targetport-wrong",
  layer: "service",
  words: {
    en: {
      summary: (p) =>
        `Service ${p.service} leads its port ${p.port} to ${p.found}, and its pods have no such port${p.wanted === undefined ? "" : `; they listen on ${p.wanted}`}.`,
    },
    zh: {
      summary: (p) =>
        `Service ${p.service} 的端口 ${p.port} 指向 ${p.found}，而它的 Pod 没有这个端口${p.wanted === undefined ? "" : `；它们监听的是 ${p.wanted}`}。`,
    },
  },
  recognise: () => null,
};

export const staleProxyRules: Cause = {
  id: "kubeproxy-stale-endpoint",
  layer: "service",
  words: {
    en: {
      summary: (p) =>
        `Node ${p.node} still leads Service ${p.service} to ${p.address}, which is none of its endpoints any more (${p.wanted}): kube-proxy there has not followed.`,
    },
    zh: {
      summary: (p) =>
        `节点 ${p.node} 仍把 Service ${p.service} 的流量转到 ${p.address}，而它早已不是 Endpoint（现在是 ${p.wanted}）：那里的 kube-proxy 没有跟上。`,
    },
  },
  recognise: () => null,
};

export const staleDnat: Cause = {
  id: "stale-dnat",
  layer: "netfilter",
  words: {
    en: {
      summary: (p) =>
        `A rule on ${p.node} leads what is for ${p.address} to ${p.target}, an address of the pods' network that no pod has.`,
    },
    zh: {
      summary: (p) =>
        `节点 ${p.node} 上有一条规则把发往 ${p.address} 的流量转到 ${p.target}，这是 Pod 网段里的地址，却没有任何 Pod 在用。`,
    },
  },
  recognise: () => null,
};

export const listenBacklogFull: Cause = {
  id: "listen-backlog-full",
  layer: "socket",
  words: {
    en: {
      summary: (p) =>
        `The server on port ${p.port} of ${p.pod} accepts no connections: ${p.waiting} wait, its backlog is ${p.backlog}.`,
    },
    zh: {
      summary: (p) =>
        `${p.pod} 的 ${p.port} 端口上，服务进程不再 accept：已有 ${p.waiting} 个连接在排队，backlog 只有 ${p.backlog}。`,
    },
  },
  recognise: () => null,
};

/** The deciding fact is known, and no mechanism has its name. */
export const unnamed: Cause = {
  id: "unnamed",
  layer: "route",
  words: {
    en: { summary: (p) => `On node ${p.node}, ${p.object} stops the packet: ${p.found ?? "absent"}` },
    zh: { summary: (p) => `节点 ${p.node} 上的 ${p.object} 拦下了报文：${p.found ?? "不存在"}` },
  },
  recognise: () => null,
};

export const noReadyEndpoints: Cause = {
  id: "svc-no-ready-endpoints",
  layer: "service",
  words: {
    en: { summary: (p) => `Service ${p.service} selects pods, and has no endpoint that is ready.` },
    zh: { summary: (p) => `Service ${p.service} 选中了 Pod，却没有一个就绪的 Endpoint。` },
  },
  recognise: () => null,
};

export const notTranslated: Cause = {
  id: "svc-not-translated",
  layer: "service",
  words: {
    en: {
      summary: (p) =>
        `Node ${p.node} does not translate ${p.address} to the endpoints of Service ${p.service}: kube-proxy's rules for it are missing there, old, or passed over.`,
    },
    zh: {
      summary: (p) =>
        `节点 ${p.node} 没有把 ${p.address} 转换到 Service ${p.service} 的 Endpoint：那里 kube-proxy 的规则要么缺失，要么过时，要么被绕过。`,
    },
  },
  recognise: () => null,
};

export const noLocalEndpoint: Cause = {
  id: "svc-no-local-endpoint",
  layer: "service",
  words: {
    en: {
      summary: (p) =>
        `Service ${p.service} leads only to endpoints of the same node (${p.policy}: Local), and there are none on ${p.bare}; they are on ${p.serving}.`,
    },
    zh: {
      summary: (p) =>
        `Service ${p.service} 只把流量转到本节点上的 Endpoint（${p.policy}: Local），而 ${p.bare} 上没有；${p.serving} 上有。`,
    },
  },
  recognise: () => null,
};

export const portClosed: Cause = {
  id: "port-closed",
  layer: "socket",
  words: {
    en: {
      summary: (p) =>
        p.found === undefined
          ? `Nothing listens on port ${p.port} of ${p.pod}.`
          : `On ${p.pod} nothing takes what comes to port ${p.port}: the server there listens for other addresses only (${p.found}).`,
    },
    zh: {
      summary: (p) =>
        p.found === undefined
          ? `${p.pod} 的 ${p.port} 端口无人监听。`
          : `${p.pod} 上没有进程接收发到 ${p.port} 端口的连接：那里的服务只监听别的地址（${p.found}）。`,
    },
  },
  recognise: () => null,
};

export const duplicatePodIp: Cause = {
  id: "duplicate-pod-ip",
  layer: "address",
  words: {
    en: {
      summary: (p) => `The address ${p.address} is held more than once: ${p.found}. What was sent to it met ${p.met}.`,
    },
    zh: { summary: (p) => `地址 ${p.address} 被不止一处占用：${p.found}。发往该地址的报文到了 ${p.met}。` },
  },
  recognise: () => null,
};

export const duplicateVtepMac: Cause = {
  id: "duplicate-vtep-mac",
  layer: "tunnel",
  words: {
    en: {
      summary: (p) =>
        `The tunnels of several nodes have the MAC address ${p.mac}: ${p.found}. ${p.met} took the packet for one of its own that came back, and dropped it.`,
    },
    zh: {
      summary: (p) =>
        `多个节点的隧道设备用了同一个 MAC 地址 ${p.mac}：${p.found}。${p.met} 以为报文是自己发出又绕回来的，于是丢弃。`,
    },
  },
  recognise: () => null,
};

export const duplicateVtepAddress: Cause = {
  id: "duplicate-vtep-address",
  layer: "tunnel",
  words: {
    en: {
      summary: (p) =>
        `Several nodes have the address ${p.address}: ${p.found}. A tunnel of one of them ends there, and ${p.met} takes it for its own.`,
    },
    zh: {
      summary: (p) =>
        `多个节点都有地址 ${p.address}：${p.found}。其中一个节点的隧道用它作端点，而 ${p.met} 把它当成了自己的地址。`,
    },
  },
  recognise: () => null,
};

export const fabricDrop: Cause = {
  id: "fabric-drop",
  layer: "fabric",
  words: {
    en: { summary: (p) => `Sent by ${p.from} and never received by ${p.to}: lost in the network between them.` },
    zh: { summary: (p) => `${p.from} 发出、${p.to} 始终没有收到：丢在两者之间的网络里。` },
  },
  recognise: () => null,
};

export const nodeDown: Cause = {
  id: "node-down",
  layer: "node",
  words: {
    en: {
      summary: (p) =>
        `Node ${p.node} is down, or cut off from the network: it cannot be read, and answers none of ${p.askers}${p.ready === "NotReady" ? "; the API says NotReady" : ""}.`,
    },
    zh: {
      summary: (p) =>
        `节点 ${p.node} 已宕机，或与网络断开：无法读取，对 ${p.askers} 也没有任何应答${p.ready === "NotReady" ? "；API 显示 NotReady" : ""}。`,
    },
  },
  recognise: () => null,
};
