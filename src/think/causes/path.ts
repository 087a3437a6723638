import { contains, type Ip, type Prefix } from "../../facts/ip.ts";
import type { Route } from "../../facts/netns.ts";
import { netnsNameOf } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import type { Edit } from "../walk/edits/edit.ts";
import { samePlace } from "../walk/edits/route-lookup.ts";
import type { Cause, Finding } from "./cause.ts";
import { single, WHERE, WHOSE } from "./cause.ts";

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

/**
 * A downed link takes its routes and its neighbours with it (fib_disable_ip, neigh_ifdown), and so does one that loses its last address
 * (inetdev_destroy): what is missing there is the same cause.
 */
export function linkAndItsRoutes(
  edits: readonly Edit[],
  first: "set-link-up" | "add-address",
): { readonly at: number; readonly covers: number; readonly link: string; readonly netns: string } | null {
  const at = edits.findIndex((e) => e.do === first);
  const up = edits[at];
  if (up?.do !== "set-link-up" && up?.do !== "add-address") return null;
  let covers = 0;
  for (const edit of edits) {
    const belongs =
      edit === up ||
      (edit.do === "add-route" && edit.netns === up.netns && edit.route.nexthops.some((n) => n.dev === up.link)) ||
      (edit.netns === up.netns && deviceOf(edit) === up.link);
    if (!belongs) break;
    covers += 1;
  }
  return covers > at ? { at, covers, link: up.link, netns: up.netns } : null;
}

function deviceOf(edit: Edit): string | null {
  return edit.do === "set-neighbour" ? edit.neighbour.dev : edit.do === "set-fdb" ? edit.entry.dev : null;
}

export const podLinkDown: Cause = {
  id: "pod-link-down",
  layer: "link",
  words: {
    en: { summary: (p) => `The link ${p.link} of ${p.pod} on ${p.node} is down.` },
    zh: { summary: (p) => `节点 ${p.node} 上 ${p.pod} 的接口 ${p.link} 处于 down 状态。` },
  },
  recognise: ({ world, edits }) => {
    const down = linkAndItsRoutes(edits, "set-link-up");
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
    zh: { summary: (p) => `节点 ${p.node} 的接口 ${p.link} 处于 down 状态。` },
  },
  recognise: ({ edits }) => {
    const down = linkAndItsRoutes(edits, "set-link-up");
    return down === null ? null : { covers: down.covers, object: down.at, params: { link: down.link } };
  },
};

export const podNoRoute: Cause = {
  id: "pod-no-default-route",
  layer: "route",
  words: {
    en: { summary: (p) => `${WHOSE.en(p)} has no route to ${p.prefix}.` },
    zh: { summary: (p) => `${WHOSE.zh(p)} 没有到 ${p.prefix} 的路由。` },
  },
  recognise: ({ edits: [edit] }) =>
    edit?.do === "add-route" && netnsNameOf(edit.netns) !== "host" ? single({ prefix: edit.route.dst.text }) : null,
};

export const noRoute: Cause = {
  id: "no-route",
  layer: "route",
  words: {
    en: { summary: (p) => `Node ${p.node} has no route to ${p.prefix}.` },
    zh: { summary: (p) => `节点 ${p.node} 没有到 ${p.prefix} 的路由。` },
  },
  recognise: ({ world, edits: [edit] }) =>
    edit?.do === "add-route" && !leadsToPods(world, edit.route.dst) ? single({ prefix: edit.route.dst.text }) : null,
};

/** Where no pod is known to be it may lead to one all the same, but not where the machines themselves are, nor everywhere. */
function leadsToPods(world: World, to: Prefix): boolean {
  if (to.length === 0) return false;
  const isWithin = (ip: Ip): boolean => contains(to, ip);
  const ofPods = [...world.netns.values()].filter((n) => netnsNameOf(n.id).startsWith("pod:"));
  if (ofPods.some((n) => linksOf(n).some((l) => l.kind !== "loopback" && l.addresses.some((a) => isWithin(a.ip)))))
    return true;
  return !world.wires.some(
    (w) =>
      w.kind === "segment" &&
      w.ends.some((e) =>
        linksOf(world.netns.get(e.netns)).some((l) => l.name === e.link && l.addresses.some((a) => isWithin(a.ip))),
      ),
  );
}

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

/** The route that is removed, or that gives way to another. */
function departing({ world, edits: [edit] }: Finding): Route | null {
  if (edit?.do === "remove-route") return edit.route;
  if (edit?.do !== "add-route") return null;
  const routes = world.netns.get(edit.netns)?.routes;
  return routes?.known === true ? (routes.value.find((route) => samePlace(route, edit.route)) ?? null) : null;
}

function routeCause(id: string): Cause {
  return {
    id,
    layer: "route",
    words: {
      en: {
        summary: (p) =>
          `${p.type === "unreachable" ? "An" : "A"} ${p.type} route ${WHERE.en(p)} ${p.does_en} the packet: ${p.found}`,
      },
      zh: { summary: (p) => `${WHERE.zh(p)}的一条 ${p.type} 路由${p.does_zh}了报文：${p.found}` },
    },
    recognise: (finding) => {
      const route = departing(finding);
      const wrong = route === null ? undefined : WRONG_ROUTE[route.type];
      return route !== null && wrong?.id === id
        ? single({ type: route.type, does_en: wrong.en, does_zh: wrong.zh })
        : null;
    },
  };
}

export const blackholeRoute = routeCause("blackhole-route");
export const unreachableRoute = routeCause("unreachable-route");

export const wrongRoute: Cause = {
  id: "wrong-route",
  layer: "route",
  words: {
    en: { summary: (p) => `A route ${WHERE.en(p)} leads the packet astray: ${p.found}` },
    zh: { summary: (p) => `${WHERE.zh(p)}的一条路由把报文引向了别处：${p.found}` },
  },
  recognise: (finding) => (departing(finding) === null ? null : single()),
};

export const mtuTooSmall: Cause = {
  id: "mtu-black-hole",
  layer: "mtu",
  words: {
    en: {
      summary: (p) =>
        p.link === undefined
          ? `Between ${p.from} and ${p.to} packets of ${p.lost} bytes are lost and those of ${p.passed} are not: a link on the way has a smaller MTU, and nobody says so.`
          : `The MTU of ${p.link} ${WHERE.en(p)} is ${p.found}: larger packets are lost.`,
    },
    zh: {
      summary: (p) =>
        p.link === undefined
          ? `${p.from} 与 ${p.to} 之间，${p.passed} 字节的报文能通过，${p.lost} 字节的会丢：途中某处的 MTU 偏小，而且没有任何 ICMP 报错。`
          : `${WHOSE.zh(p)} 上 ${p.link} 的 MTU 是 ${p.found}，更大的报文会丢失。`,
    },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "set-link-mtu" ? single({ link: edit.link }) : null),
};

export const policyRuleDiverts: Cause = {
  id: "policy-rule-diverts",
  layer: "route",
  words: {
    en: { summary: (p) => `A policy rule ${WHERE.en(p)} leads the packet astray: ${p.found}` },
    zh: { summary: (p) => `${WHERE.zh(p)}的一条策略路由规则把报文引向了别处：${p.found}` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "remove-policy-rule" ? single() : null),
};

export const policyRuleMissing: Cause = {
  id: "policy-rule-missing",
  layer: "route",
  words: {
    en: { summary: (p) => `${WHOSE.en(p)} lacks a policy rule that its peers have: ${p.wanted}` },
    zh: { summary: (p) => `${WHOSE.zh(p)} 缺少一条其他节点都有的策略路由规则：${p.wanted}` },
  },
  recognise: ({ edits: [edit] }) => (edit?.do === "add-policy-rule" ? single() : null),
};
