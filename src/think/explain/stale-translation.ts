import { contains, type Ip, withPort } from "../../facts/ip.ts";
import { nodeOf } from "../../facts/provenance.ts";
import { linksOf, netnsWith, type World } from "../../facts/world.ts";
import { arrives } from "../walk/branch.ts";
import { chainText } from "../walk/edits/chains.ts";
import type { EditOf } from "../walk/edits/edit.ts";
import { applyEdit } from "../walk/edits/edit-kinds.ts";
import { hostsOf } from "../walk/edits/peers.ts";
import { walk } from "../walk/walk.ts";
import type { Evidence, NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";
import { translationOf } from "./translation.ts";

/**
 * A node's rule leads the packets to an address of the pods' network that is nobody's, and no Service's: left over from a pod that
 * has gone (the hostPort of a sandbox that was not torn down, rules that were saved and restored). Where the rules behind it would
 * deliver, it alone stands in the way. Where no router of ours knows the address, what becomes of the packet is not known, but that
 * it is lost.
 */
export function staleTranslation(suspect: Suspect, evidence: Evidence, kernelDissents: boolean): readonly NamedCause[] {
  const { predicted, branch, tried, witness, attempts, failed } = suspect;
  if (predicted?.leg !== "request") return [];
  const { world } = evidence;
  const translation = translationOf(world, branch);
  if (translation === null) return [];
  const { from, to, netns, place, rule } = translation;
  if (evidence.isEndpoint(to.ip, to.port) || !isNobodys(evidence, to.ip) || !isOfPods(world, to.ip)) return [];
  const edit: EditOf<"remove-rule"> = { do: "remove-rule", netns, ...place, number: rule.number, text: rule.text };
  const { branches } = walk(applyEdit(world, edit), tried.flow);
  const delivers = branches.length > 0 && branches.every((way) => arrives(way) === true);
  const isLost = failed > 0 && attempts === failed;
  const isForetold = predicted.at.end !== "UNKNOWN";
  const isMet = isLost && (witness === "agree" || !isForetold);
  const isUntried = tried.tries.length === 0 && isForetold;
  const sure = isMet && isForetold && delivers ? "confirmed" : "likely";
  const node = nodeOf(netns);
  const object = `rule ${chainText(place)}#${rule.number}`;
  return [
    {
      id: "stale-dnat",
      node,
      netns: "host",
      object,
      found: rule.text,
      wanted: null,
      params: {
        node,
        netns: "host",
        object,
        found: rule.text,
        address: withPort(from.ip, from.port),
        target: withPort(to.ip, to.port),
      },
      confidence: (isMet || isUntried) && !kernelDissents ? sure : "suspected",
      edits: delivers ? [edit] : [],
      proven: delivers,
      suspects: [suspect],
    },
  ];
}

/** No link has it that was read, and no pod by the API. */
function isNobodys({ world, holdersOf }: Evidence, ip: Ip): boolean {
  return netnsWith(world, ip).length === 0 && holdersOf(ip).length === 0;
}

/** A machine leads there and to pods alike, and the machines themselves live elsewhere. */
function isOfPods(world: World, ip: Ip): boolean {
  const given = [...world.netns.values()].flatMap((netns) => (netns.name === "host" ? [] : netns.given));
  const hosts = hostsOf(world);
  const own = hosts.map((host) => linksOf(host).flatMap((link) => link.addresses.map((a) => a.ip)));
  return hosts.some(
    (host) =>
      host.routes.known &&
      host.routes.value.some(
        ({ dst }) =>
          dst.length > 0 &&
          contains(dst, ip) &&
          given.some((pod) => contains(dst, pod)) &&
          own.filter((addresses) => addresses.some((a) => contains(dst, a))).length < 2,
      ),
  );
}
