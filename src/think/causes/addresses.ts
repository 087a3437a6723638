import { netnsNameOf } from "../../facts/provenance.ts";
import { linksOf } from "../../facts/world.ts";
import { textOf } from "../walk/edits/add-address.ts";
import { addressOf } from "../walk/edits/owners.ts";
import type { Cause, Finding } from "./cause.ts";
import { single } from "./cause.ts";
import { linkAndItsRoutes } from "./path.ts";

function isBridge({ world }: Finding, netns: string, dev: string): boolean {
  return linksOf(world.netns.get(netns)).some((l) => l.name === dev && l.kind === "bridge");
}

export const podAddressMissing: Cause = {
  id: "pod-address-missing",
  layer: "address",
  words: {
    en: { summary: (p) => `${p.pod} on ${p.node} has lost its address: ${p.wanted} on ${p.link}.` },
    zh: { summary: (p) => `节点 ${p.node} 上的 ${p.pod} 丢了自己的地址：${p.link} 上的 ${p.wanted}。` },
  },
  recognise({ edits }) {
    const lost = linkAndItsRoutes(edits, "add-address");
    const pod = lost === null ? "host" : netnsNameOf(lost.netns);
    return lost === null || !pod.startsWith("pod:")
      ? null
      : { covers: lost.covers, object: lost.at, params: { link: lost.link, pod: pod.slice(4) } };
  },
};

export const gatewayAddressMissing: Cause = {
  id: "gateway-address-missing",
  layer: "link",
  words: {
    en: {
      summary: (p) => `The bridge ${p.link} on ${p.node} has lost the address that its pods send by: ${p.wanted}.`,
    },
    zh: { summary: (p) => `节点 ${p.node} 的网桥 ${p.link} 丢了 Pod 用作网关的地址：${p.wanted}。` },
  },
  recognise(finding) {
    const [edit] = finding.edits;
    return edit?.do === "add-address" && isBridge(finding, edit.netns, edit.link) ? single({ link: edit.link }) : null;
  },
};

export const nodeAddressMissing: Cause = {
  id: "node-address-missing",
  layer: "link",
  words: {
    en: {
      summary: (p) =>
        `Node ${p.node} has lost the address that the others reach it by: ${p.wanted} on ${p.link}${p.instead === undefined ? "" : `, which has ${p.instead} instead`}.`,
    },
    zh: {
      summary: (p) =>
        `节点 ${p.node} 丢了其他节点用来找它的地址：${p.link} 上的 ${p.wanted}${p.instead === undefined ? "" : `，那里现在是 ${p.instead}`}。`,
    },
  },
  recognise({ world, edits: [edit] }) {
    if (edit?.do !== "add-address") return null;
    const link = linksOf(world.netns.get(edit.netns)).find(({ name }) => name === edit.link);
    const instead = link === undefined ? null : addressOf(link, edit.address.ip.family);
    return single({ link: edit.link, ...(instead === null ? {} : { instead: textOf(instead) }) });
  },
};
