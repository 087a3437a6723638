import type { Pod } from "../../facts/cluster.ts";
import type { Link, Netns } from "../../facts/netns.ts";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import { isVethAway } from "../../facts/lookup/links.ts";
import { linksOf } from "../../facts/world.ts";
import type { Holder, Survey } from "./survey.ts";

/** Where a pod's namespace may be; several when other clusters on the same machine use the same addresses. */
export interface PodHolders {
  readonly pod: Pod;
  readonly holders: readonly Holder[];
}

export type Choice = { readonly holder: Holder } | { readonly why: Phrase };

type Fit = "leads here" | "may lead here" | "leads elsewhere";

export function holdersOf(pods: readonly Pod[], survey: Survey): readonly PodHolders[] {
  return pods.map((pod) => {
    const found = new Map<string, Holder>();
    for (const ip of pod.ips) {
      for (const holder of survey.holders.get(ip.text) ?? []) {
        if (holder.inode !== survey.selfInode) found.set(holder.inode, holder);
      }
    }
    return { pod, holders: [...found.values()] };
  });
}

/**
 * The one namespace of this node that holds the pod's address. A pod that hangs on a veth must lead back to this node: its peer's
 * index is that of a veth here which names it in turn, and where either end knows the other's namespace by name, it is this
 * one. Of several that may be it, the one whose MAC this node knows on that veth. Never a guess.
 */
export function choosePod(
  { pod, holders }: PodHolders,
  host: Netns,
  survey: Survey,
  linksIn: (holder: Holder) => readonly Link[],
): Choice {
  const address = pod.ips.map((ip) => ip.text).join(", ") || phrase("no-address");
  if (holders.length === 0) return { why: phrase("no-holder", { address }) };
  const fits = holders.map((holder) => ({ holder, fit: fitOf(holder, linksIn(holder), host, survey) }));
  const here = fits.filter(({ fit }) => fit === "leads here");
  const maybe = here.length > 0 ? here : fits.filter(({ fit }) => fit === "may lead here");
  if (maybe.length === 0) return { why: phrase("not-wired-here", { address }) };
  const [only] = maybe;
  if (only !== undefined && maybe.length === 1) return { holder: only.holder };
  const byMac = maybe.filter(({ holder }) => isKnownByMac(linksIn(holder), host));
  const [first] = byMac;
  if (first !== undefined && byMac.length === 1) return { holder: first.holder };
  return { why: phrase("several-holders", { count: maybe.length, address }) };
}

/**
 * The namespace of a pod that has lost its address, told by what is left over: of all pods of this node that one alone has none, and
 * of all namespaces without an address one alone hangs by its only link on a veth of this node, as pods do: one that the node itself
 * has no address on. Never a guess.
 */
export function chooseBare(
  lost: readonly Pod[],
  host: Netns,
  survey: Survey,
  linksIn: (holder: Holder) => readonly Link[],
): { readonly pod: Pod; readonly holder: Holder } | null {
  const [pod, ...others] = lost.filter(({ phase }) => phase === "Running");
  if (pod === undefined || others.length > 0) return null;
  const wired = survey.bare.filter((holder) => hangsAsPodsDo(linksIn(holder), host));
  const fits = wired.map((holder) => ({ holder, fit: fitOf(holder, linksIn(holder), host, survey) }));
  const here = fits.filter(({ fit }) => fit === "leads here");
  const [only, ...more] = here.length > 0 ? here : fits.filter(({ fit }) => fit === "may lead here");
  return only === undefined || more.length > 0 ? null : { pod, holder: only.holder };
}

function hangsAsPodsDo(links: readonly Link[], host: Netns): boolean {
  const [link, ...more] = links.filter(({ kind }) => kind !== "loopback");
  if (link === undefined || more.length > 0 || !isVethAway(link)) return false;
  const end = linksOf(host).find(({ index }) => index === link.peerIndex);
  return end?.addresses.every(({ scope }) => scope === "link") === true;
}

function fitOf(holder: Holder, links: readonly Link[], host: Netns, survey: Survey): Fit {
  const veths = links.filter(isVethAway);
  if (veths.length === 0) return "may lead here";
  const fits = veths.map((veth): Fit => {
    const peer = linksOf(host).find((link) => link.index === veth.peerIndex);
    if (peer === undefined || peer.kind !== "veth" || peer.peerIndex !== veth.index) return "leads elsewhere";
    const namesHost = namesInode(veth, survey, survey.selfInode);
    const namesPod = namesInode(peer, survey, holder.inode);
    if (namesHost === false || namesPod === false) return "leads elsewhere";
    return namesHost || namesPod ? "leads here" : "may lead here";
  });
  if (fits.includes("leads here")) return "leads here";
  return fits.includes("may lead here") ? "may lead here" : "leads elsewhere";
}

/** Null when the link does not name its peer's namespace, or the name is not known here. */
function namesInode(link: Link, survey: Survey, inode: string | null): boolean | null {
  if (link.peerNetns === null || !("name" in link.peerNetns)) return null;
  const named = survey.named.get(`/run/netns/${link.peerNetns.name}`);
  return named === undefined || inode === null ? null : named === inode;
}

function isKnownByMac(links: readonly Link[], host: Netns): boolean {
  return links.some((link) => {
    const peer = linksOf(host).find((other) => other.index === link.peerIndex);
    if (peer === undefined || link.mac === null) return false;
    const neighbours = host.neighbours.known ? host.neighbours.value : [];
    const fdb = host.fdb.known ? host.fdb.value : [];
    return (
      fdb.some((entry) => entry.mac === link.mac && entry.dev === peer.name) ||
      neighbours.some((entry) => entry.mac === link.mac && (entry.dev === peer.name || entry.dev === peer.master))
    );
  });
}
