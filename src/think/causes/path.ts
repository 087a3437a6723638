import { netnsNameOf } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import type { Edit } from "../walk/edits/edit.ts";
import type { Cause } from "./cause.ts";
import { single } from "./cause.ts";

/** The pod's netns at the other end of a veth; null when the link leads to no pod. */
function podBehind(world: World, netns: string, link: string): string | null {
  for (const wire of world.wires) {
    if (wire.kind !== "veth") continue;
    const [a, b] = wire.ends;
    const other = a.netns === netns && a.link === link ? b : b.netns === netns && b.link === link ? a : null;
    if (other !== null && netnsNameOf(other.netns).startsWith("pod:")) return netnsNameOf(other.netns);
  }
  return netnsNameOf(netns).startsWith("pod:") ? netnsNameOf(netns) : null;
}

/** A downed link takes its routes with it (fib_disable_ip): the missing route through it is the same cause. */
function linkAndItsRoutes(
  edits: readonly Edit[],
): { readonly at: number; readonly covers: number; readonly link: string; readonly netns: string } | null {
  const at = edits.findIndex((e) => e.do === "set-link-up");
  const up = edits[at];
  if (up?.do !== "set-link-up") return null;
  let covers = 0;
  for (const edit of edits) {
    const belongs =
      edit === up ||
      (edit.do === "add-route" && edit.netns === up.netns && edit.route.nexthops.some((n) => n.dev === up.link)) ||
      ((edit.do === "set-neighbour" || edit.do === "set-fdb") && edit.netns === up.netns);
    if (!belongs) break;
    covers += 1;
  }
  return covers > at ? { at, covers, link: up.link, netns: up.netns } : null;
}

export const podLinkDown: Cause = {
  id: "pod-link-down",
  layer: "link",
  words: {
    en: { summary: (p) => `The link ${p.link} of ${p.pod} on ${p.node} is down.` },
    zh: { summary: (p) => `节点 ${p.node} 上 ${p.pod} 的链路 ${p.link} 处于 down 状态。` },
  },
  recognise: ({ world, edits }) => {
    const down = linkAndItsRoutes(edits);
    const pod = down === null ? null : podBehind(world, down.netns, down.link);
    return down === null || pod === null
      ? null
      : { covers: down.covers, object: down.at, params: { link: down.link, pod: pod.slice(4) } };
  },
};

export const linkDown: Cause = {
  id: "link-down",
  layer: "link",
  words: {
    en: { summary: (p) => `The link ${p.link} on ${p.node} is down.` },
    zh: { summary: (p) => `节点 ${p.node} 的链路 ${p.link} 处于 down 状态。` },
  },
  recognise: ({ edits }) => {
    const down = linkAndItsRoutes(edits);
    return down === null ? null : { covers: down.covers, object: down.at, params: { link: down.link } };
  },
};

export const podNoRoute: Cause = {
  id: "pod-no-default-route",
  layer: "route",
  words: {
    en: { summary: (p) => `${p.netns} on ${p.node} has no route to ${p.prefix}.` },
    zh: { summary: (p) => `节点 ${p.node} 上的 ${p.netns} 没有到 ${p.prefix} 的路由。` },
  },
  recognise: ({ edits: [edit] }) =>
    edit?.do === "add-route" && netnsNameOf(edit.netns) !== "host" ? single({ prefix: edit.route.dst.text }) : null,
};

export const noRouteToPodCidr: Cause = {
  id: "no-route-to-pod-cidr",
  layer: "route",
  words: {
    en: { summary: (p) => `Node ${p.node} has no route to ${p.prefix}, where the pods are.` },
    zh: { summary: (p) => `节点 ${p.node} 没有到 Pod 网段 ${p.prefix} 的路由。` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "add-route" ? single({ prefix: edit.route.dst.text }) : null),
};

const WRONG_ROUTE: Readonly<Record<string, { readonly id: string; readonly en: string; readonly zh: string }>> = {
  blackhole: { id: "blackhole-route", en: "throws away", zh: "直接丢弃" },
  unreachable: { id: "unreachable-route", en: "refuses", zh: "拒绝" },
  prohibit: { id: "unreachable-route", en: "refuses", zh: "拒绝" },
};

function routeCause(id: string): Cause {
  return {
    id,
    layer: "route",
    words: {
      en: { summary: (p) => `A ${p.type} route on ${p.node} ${p.does_en} the packet: ${p.found}` },
      zh: { summary: (p) => `节点 ${p.node} 的一条 ${p.type} 路由${p.does_zh}了报文：${p.found}` },
    },
    recognise: ({ edits: [edit] }) => {
      if (edit?.do !== "remove-route") return null;
      const wrong = WRONG_ROUTE[edit.route.type];
      return wrong?.id === id ? single({ type: edit.route.type, does_en: wrong.en, does_zh: wrong.zh }) : null;
    },
  };
}

export const blackholeRoute = routeCause("blackhole-route");
export const unreachableRoute = routeCause("unreachable-route");

export const wrongRoute: Cause = {
  id: "wrong-route",
  layer: "route",
  words: {
    en: { summary: (p) => `A route on ${p.node} leads the packet astray: ${p.found}` },
    zh: { summary: (p) => `节点 ${p.node} 的一条路由把报文引向了别处：${p.found}` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "remove-route" ? single() : null),
};

export const mtuTooSmall: Cause = {
  id: "mtu-black-hole",
  layer: "mtu",
  words: {
    en: { summary: (p) => `The MTU of ${p.link} on ${p.node} is ${p.found}: larger packets are lost.` },
    zh: { summary: (p) => `节点 ${p.node} 上 ${p.link} 的 MTU 是 ${p.found}，更大的报文会丢失。` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "set-link-mtu" ? single({ link: edit.link }) : null),
};

export const policyRuleDiverts: Cause = {
  id: "policy-rule-diverts",
  layer: "route",
  words: {
    en: { summary: (p) => `A policy rule on ${p.node} leads the packet astray: ${p.found}` },
    zh: { summary: (p) => `节点 ${p.node} 的一条策略路由规则把报文引向了别处：${p.found}` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "remove-policy-rule" ? single() : null),
};

export const policyRuleMissing: Cause = {
  id: "policy-rule-missing",
  layer: "route",
  words: {
    en: { summary: (p) => `Node ${p.node} lacks a policy rule that its peers have: ${p.wanted}` },
    zh: { summary: (p) => `节点 ${p.node} 缺少一条其他节点都有的策略路由规则：${p.wanted}` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "add-policy-rule" ? single() : null),
};
