import { type Ip, sameIp } from "../../facts/ip.ts";
import { isLocalAddress, routesCovering, TABLE_LOCAL } from "../../facts/lookup/routes.ts";
import { socketsFor } from "../../facts/lookup/sockets.ts";
import { type NetnsId, netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import type { Branch } from "../walk/branch.ts";
import { outerIp } from "../walk/packet.ts";
import type { NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

/**
 * Several pods have one address, or a node has a pod's for its own, and each packet for it is led to one of them: a request to another
 * than the one that has such a server, an answer to another than the one that asked. It ends there, or on that one's node, where
 * connection tracking has not seen the connection and a filter drops what is INVALID. A route to the other would be a bypass: all but
 * one have to give the address up.
 * @param holders of all pods to which the API gives an address
 */
export function duplicateAddress(
  suspect: Suspect,
  world: World,
  holders: (address: Ip) => readonly NetnsId[],
  kernelDissents: boolean,
): readonly NamedCause[] {
  const { predicted, tried, attempts, failed, witness } = suspect;
  if (predicted === null) return [];
  const { at, leg } = predicted;
  const { ip } = at.destination;
  // Of a pod that is about to go the address may be gone already.
  const pods = holders(ip).filter((id) => holds(world, id, ip) !== false);
  const sharing = [...pods, ...(pods.length > 0 ? machinesWith(world, ip) : [])];
  if (sharing.length < 2) return [];
  const isMeant = (id: NetnsId) =>
    leg === "request" ? serves(world, id, tried.flow.protocol, at) : id === tried.flow.from;
  const meant = sharing.filter(isMeant);
  const met = sharing.find((id) => !meant.includes(id) && nodeOf(id) === nodeOf(at.netns));
  if (met !== undefined && isMachine(met) && !isTakenBy(at, met, ip)) return [];
  // On the meant one's own node, only its neighbour's namespace itself is the wrong place to end in.
  const isAstray = met === at.netns || !meant.some((id) => nodeOf(id) === nodeOf(at.netns));
  if (meant.length === 0 || met === undefined || !isAstray) return [];
  const isSo = [met, ...meant].every((id) => holds(world, id, ip) === true);
  const isMet = witness === "agree" && failed > 0 && attempts === failed && !kernelDissents;
  const wasMissed = failed === 0 && tried.tries.length > 0;
  const found = sharing
    .map((id) => holderText(world, id, ip))
    .sort()
    .join(", ");
  const object = `address ${ip.text}`;
  return [
    {
      id: "duplicate-pod-ip",
      node: null,
      netns: null,
      object,
      found,
      wanted: null,
      params: { object, found, address: ip.text, met: isMachine(met) ? nodeOf(met) : podName(met) },
      confidence: wasMissed ? "suspected" : isSo && isMet ? "confirmed" : "likely",
      edits: [],
      proven: false,
      suspects: [suspect],
    },
  ];
}

/** Nodes for which the address is their own, by a link that has it or a local route (inet_addr_type). */
function machinesWith(world: World, ip: Ip): readonly NetnsId[] {
  return [...world.netns.values()].flatMap(({ id, routes }) =>
    isMachine(id) && routes.known && isLocalAddress(routes.value, ip) ? [id] : [],
  );
}

/** Before a node takes a packet for its own something else may stop it. */
function isTakenBy({ steps }: Branch, machine: NetnsId, ip: Ip): boolean {
  return steps.some((s) => s.kind === "local-deliver" && s.netns === machine && sameIp(outerIp(s.packet).dst, ip));
}

function isMachine(id: NetnsId): boolean {
  return netnsNameOf(id) === "host";
}

/** `default/web (k2)`, `k1 (dev lo)`. */
function holderText(world: World, id: NetnsId, ip: Ip): string {
  if (!isMachine(id)) return `${podName(id)} (${nodeOf(id)})`;
  const routes = world.netns.get(id)?.routes;
  const [local] = routes?.known === true ? routesCovering(routes.value, TABLE_LOCAL, ip) : [];
  return `${nodeOf(id)} (dev ${local?.nexthops[0]?.dev ?? "lo"})`;
}

function podName(id: NetnsId): string {
  return netnsNameOf(id).replace(/^pod:/, "");
}

/** Null where that was not read. */
function holds(world: World, id: NetnsId, ip: Ip): boolean | null {
  const netns = world.netns.get(id);
  if (isMachine(id)) return netns?.routes.known === true ? isLocalAddress(netns.routes.value, ip) : null;
  if (netns?.links.known !== true) return null;
  return linksWith(world, id, ip).length > 0;
}

function linksWith(world: World, id: NetnsId, ip: Ip): readonly string[] {
  return linksOf(world.netns.get(id)).flatMap(({ name, addresses }) =>
    addresses.some((own) => sameIp(own.ip, ip)) ? [name] : [],
  );
}

/** Something there listens to what the other refuses. */
function serves(
  world: World,
  id: NetnsId,
  protocol: "tcp" | "udp" | "icmp",
  { destination: { ip, port } }: Branch,
): boolean {
  const sockets = world.netns.get(id)?.sockets;
  if (sockets?.known !== true || protocol === "icmp") return false;
  return linksWith(world, id, ip).some((link) => socketsFor(sockets.value, protocol, ip, port, link).length > 0);
}
