import { sameIp } from "../../facts/ip.ts";
import { nodeOf } from "../../facts/provenance.ts";
import type { World } from "../../facts/world.ts";
import { endpointsText } from "../intent/served.ts";
import { arrives } from "../walk/branch.ts";
import { chainText } from "../walk/edits/chains.ts";
import { walk } from "../walk/walk.ts";
import type { Evidence, NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";
import { retargeted, translationOf } from "./translation.ts";

/**
 * A node's rules lead a Service's packets to an address that is none of its endpoints, ready or not: whatever stops them
 * there, they were never meant to get there. With an endpoint of today in that rule they would arrive. kube-proxy's rules for an
 * endpoint are reached through those of the Service (proxier.go, both modes); one that chooses for itself is somebody else's.
 */
export function staleEndpoint(
  suspect: Suspect,
  world: World,
  servedAt: Evidence["servedAt"],
  kernelDissents: boolean,
): readonly NamedCause[] {
  const { predicted, branch, tried, witness, attempts, failed } = suspect;
  if (predicted?.leg !== "request" || tried.flow.protocol === "icmp") return [];
  const translation = translationOf(world, branch);
  if (translation === null || !translation.isLedTo) return [];
  const { from, netns, place, rule } = translation;
  const served = servedAt(from.ip, from.port, tried.flow.protocol);
  const { ip, port } = branch.destination;
  if (served === null || served.listed.some((e) => sameIp(e.ip, ip) && e.port === port)) return [];
  const delivers = served.endpoints.some((endpoint) => {
    const mended = walk(retargeted(world, translation, endpoint), tried.flow);
    const ways = mended.branches.filter((b) => sameIp(b.destination.ip, endpoint.ip));
    return ways.length > 0 && ways.every((way) => arrives(way) === true);
  });
  const isMet = witness === "agree" && failed > 0 && attempts === failed;
  const isUntried = tried.tries.length === 0;
  const sure = isMet && delivers ? "confirmed" : "likely";
  const node = nodeOf(netns);
  const object = `rule ${chainText(place)}#${rule.number}`;
  const wanted = endpointsText(served.endpoints);
  const address = endpointsText([{ ip, port }]);
  return [
    {
      id: "kubeproxy-stale-endpoint",
      node,
      netns: "host",
      object,
      found: rule.text,
      wanted,
      params: { node, netns: "host", object, service: served.service, address, wanted },
      confidence: (isMet || isUntried) && !kernelDissents ? sure : "suspected",
      edits: [],
      proven: false,
      restsOnObjects: true,
      suspects: [suspect],
    },
  ];
}
