import { type Ip, sameIp, withPort } from "../../facts/ip.ts";
import type { Link } from "../../facts/netns.ts";
import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import { endpointsText } from "../intent/served.ts";
import { hostsOf } from "../walk/edits/peers.ts";
import type { Evidence, NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

/**
 * A Service's address came through a node's NAT as it was: whatever stops it then, a socket that nobody has or a rule that
 * refuses what is left, it was never meant to get there. Likely at best: what the rules ought to be no node says.
 */
export function untranslated(
  suspect: Suspect,
  world: World,
  servedAt: Evidence["servedAt"],
  kernelDissents: boolean,
): readonly NamedCause[] {
  const { predicted, branch, tried, witness, attempts, failed } = suspect;
  if (predicted?.leg !== "request" || tried.flow.protocol === "icmp") return [];
  const { ip, port } = branch.destination;
  const served = servedAt(ip, port, tried.flow.protocol);
  // A node's own address is that node's to translate. The routing decision comes after PREROUTING.
  const holders = hostsOf(world).filter((host) => hasAddress(linksOf(host), ip));
  const netns = branch.steps.find(
    (s) =>
      s.kind === "route-input" &&
      netnsNameOf(s.netns) === "host" &&
      (holders.length === 0 || holders.some((host) => host.id === s.netns)),
  )?.netns;
  if (served === null || netns === undefined || isIpvs(world, netns, ip)) return [];
  const node = nodeOf(netns);
  const address = withPort(ip, port);
  const object = `service ${address}`;
  const wanted = endpointsText(served.endpoints);
  const isMet = witness === "agree" && failed > 0 && attempts === failed && !kernelDissents;
  return [
    {
      id: "svc-not-translated",
      node,
      netns: "host",
      object,
      found: null,
      wanted,
      params: { node, netns: "host", object, address, service: served.service, wanted },
      confidence: isMet ? "likely" : "suspected",
      edits: [],
      proven: false,
      suspects: [suspect],
    },
  ];
}

/** kube-proxy in IPVS mode puts the addresses of Services onto a link of their own, and translates elsewhere. */
function isIpvs(world: World, netns: string, ip: Ip): boolean {
  return hasAddress(
    linksOf(world.netns.get(netns)).filter((l) => l.kind === "dummy"),
    ip,
  );
}

function hasAddress(links: readonly Link[], ip: Ip): boolean {
  return links.some((l) => l.addresses.some((a) => sameIp(a.ip, ip)));
}
