import { type Ip, sameIp } from "../../facts/ip.ts";
import { linksOf } from "../../facts/world.ts";
import type { Cause, Finding } from "./cause.ts";
import { single, WHOSE } from "./cause.ts";

function isVxlan({ world }: Finding, netns: string, dev: string): boolean {
  return linksOf(world.netns.get(netns)).some((l) => l.name === dev && l.vxlan !== null);
}

export const vxlanFdb: Cause = {
  id: "vxlan-fdb-missing",
  layer: "tunnel",
  words: {
    en: {
      summary: (p) =>
        p.found === undefined
          ? `On ${p.node} the tunnel ${p.dev} does not know where ${p.mac} is: no FDB entry.`
          : `On ${p.node} the tunnel ${p.dev} sends what is for ${p.mac} to the wrong node: ${p.found}.`,
    },
    zh: {
      summary: (p) =>
        p.found === undefined
          ? `节点 ${p.node} 的隧道设备 ${p.dev} 不知道 ${p.mac} 在哪里：没有 FDB 条目。`
          : `节点 ${p.node} 的隧道设备 ${p.dev} 把发往 ${p.mac} 的报文送到了错误的节点：${p.found}。`,
    },
  },
  recognise: ({ edits: [edit] }) =>
    edit?.do === "set-fdb" ? single({ dev: edit.entry.dev, mac: edit.entry.mac }) : null,
};

export const vxlanVtepMac: Cause = {
  id: "vxlan-vtep-mac-mismatch",
  layer: "tunnel",
  words: {
    en: {
      summary: (p) =>
        `Node ${p.node} sends to ${p.ip} on ${p.dev} under a MAC address that is not its own: ${p.found}.`,
    },
    zh: { summary: (p) => `节点 ${p.node} 在 ${p.dev} 上用了错误的 MAC 地址发往 ${p.ip}：${p.found}。` },
  },
  recognise: (finding) => {
    const [edit] = finding.edits;
    if (edit?.do !== "set-neighbour" || !isVxlan(finding, edit.netns, edit.neighbour.dev)) return null;
    const { ip, dev, mac } = edit.neighbour;
    if (!holdsMac(finding, edit.netns, dev, ip)) return null;
    // A tunnel that was made anew is known by its old MAC address to the FDB as well.
    const [, next] = finding.edits;
    const isWithFdb = next?.do === "set-fdb" && next.netns === edit.netns && next.entry.mac === mac;
    return { covers: isWithFdb ? 2 : 1, object: 0, params: { dev, ip: ip.text } };
  },
};

export const vxlanNeighbour: Cause = {
  id: "vxlan-neigh-missing",
  layer: "tunnel",
  words: {
    en: { summary: (p) => `On ${p.node} the neighbour ${p.ip} of the tunnel ${p.dev} is ${p.found ?? "missing"}.` },
    zh: { summary: (p) => `节点 ${p.node} 上隧道设备 ${p.dev} 的邻居 ${p.ip} ${p.found ?? "不存在"}。` },
  },
  recognise: (finding) => {
    const [edit] = finding.edits;
    if (edit?.do !== "set-neighbour" || !isVxlan(finding, edit.netns, edit.neighbour.dev)) return null;
    return single({ dev: edit.neighbour.dev, ip: edit.neighbour.ip.text });
  },
};

function holdsMac({ world }: Finding, netns: string, dev: string, ip: Ip): boolean {
  const neighbours = world.netns.get(netns)?.neighbours;
  return (
    neighbours?.known === true && neighbours.value.some((n) => n.dev === dev && n.mac !== null && sameIp(n.ip, ip))
  );
}

export const vxlanMismatch: Cause = {
  id: "vxlan-vni-mismatch",
  layer: "tunnel",
  words: {
    en: {
      summary: (p) => `The tunnel ${p.dev} on ${p.node} is set up unlike its peers: ${p.found}, they use ${p.wanted}.`,
    },
    zh: {
      summary: (p) => `节点 ${p.node} 的隧道设备 ${p.dev} 与其他节点配置不一致：${p.found}，其他节点是 ${p.wanted}。`,
    },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "set-vxlan" ? single({ dev: edit.link }) : null),
};

export const staleNeighbour: Cause = {
  id: "stale-arp",
  layer: "neighbour",
  words: {
    en: { summary: (p) => `${WHOSE.en(p)} holds a wrong neighbour for ${p.ip} on ${p.dev}: ${p.found ?? "none"}.` },
    zh: { summary: (p) => `${WHOSE.zh(p)} 在 ${p.dev} 上关于 ${p.ip} 的邻居条目是错的：${p.found ?? "没有条目"}。` },
  },
  recognise: ({ edits: [edit] }) => {
    if (edit?.do === "set-neighbour") return single({ dev: edit.neighbour.dev, ip: edit.neighbour.ip.text });
    return edit?.do === "remove-neighbour" ? single({ dev: edit.dev, ip: edit.ip.text }) : null;
  },
};

export const hairpinOff: Cause = {
  id: "hairpin-off",
  layer: "link",
  words: {
    en: {
      summary: (p) =>
        `The bridge port ${p.link} on ${p.node} does not send frames back to where they came from (hairpin off).`,
    },
    zh: { summary: (p) => `节点 ${p.node} 的网桥端口 ${p.link} 不允许报文原路折返（hairpin 关闭）。` },
  },
  recognise: ({ edits: [edit] }) =>
    edit?.do === "set-bridge-port" && edit.attribute === "hairpin" ? single({ link: edit.link }) : null,
};

export const bridgePortBlocked: Cause = {
  id: "bridge-port-blocked",
  layer: "link",
  words: {
    en: {
      summary: (p) => `The bridge port ${p.link} on ${p.node} keeps back frames that it ought to pass: ${p.found}.`,
    },
    zh: { summary: (p) => `节点 ${p.node} 的网桥端口 ${p.link} 拦住了本该放行的帧：${p.found}。` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "set-bridge-port" ? single({ link: edit.link }) : null),
};

export const bridgePortMissing: Cause = {
  id: "bridge-port-missing",
  layer: "link",
  words: {
    en: { summary: (p) => `The pod's link ${p.link} on ${p.node} is no port of the bridge ${p.bridge}.` },
    zh: { summary: (p) => `节点 ${p.node} 上 Pod 的接口 ${p.link} 没有接在网桥 ${p.bridge} 上。` },
  },
  recognise: ({ edits: [edit] }) =>
    edit?.do === "set-master" ? single({ link: edit.link, bridge: edit.master }) : null,
};

export const staleConntrack: Cause = {
  id: "conntrack-stale-dnat",
  layer: "conntrack",
  words: {
    en: { summary: (p) => `A stale conntrack entry on ${p.node} keeps sending the flow to an old address: ${p.found}` },
    zh: { summary: (p) => `节点 ${p.node} 上一条过期的 conntrack 条目仍把流量转到旧地址：${p.found}` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "delete-conntrack" ? single() : null),
};
