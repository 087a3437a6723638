import type { Cluster } from "../../../facts/cluster.ts";
import { phrase } from "../../../facts/phrase.ts";
import { sameIp } from "../../../facts/ip.ts";
import type { World } from "../../../facts/world.ts";
import type { Branch, Flow } from "../../walk/branch.ts";
import { innerIp } from "../../walk/packet.ts";
import { partyAt, partyIn } from "./party.ts";
import { type Permission, permits } from "./permits.ts";

/**
 * What the declared policies mean for a request that went this way. Where it was masqueraded, its sender is seen under
 * another address: only what they mean for both is certain.
 */
export function meantFor(cluster: Cluster, world: World, flow: Flow, branch: Branch): Permission {
  const sent = branch.steps[0]?.packet;
  const seen = branch.steps.at(-1)?.packet;
  const { ip, port } = branch.destination;
  const from = sent === undefined ? (flow.src ?? ip) : innerIp(sent).src;
  const as = seen === undefined ? from : innerIp(seen).src;
  const destination = partyAt(cluster, world, ip, sameIp(ip, flow.dst) ? [ip] : [ip, flow.dst]);
  const of = (source: ReturnType<typeof partyAt>): Permission =>
    permits(cluster, { source, destination, protocol: flow.protocol, port });
  const first = of(
    flow.entersBy === undefined ? partyIn(cluster, world, flow.from, from) : partyAt(cluster, world, from),
  );
  if (sameIp(from, as)) return first;
  const second = of(partyAt(cluster, world, as));
  if (first.allowed === second.allowed) return first.allowed === false ? first : second;
  const unknown =
    typeof first.allowed === "object"
      ? first.allowed.unknown
      : phrase("policy-masqueraded", { from: from.text, as: as.text });
  const by = [...new Set([...first.by, ...second.by])];
  return { allowed: { unknown }, by, direction: first.allowed === true ? second.direction : first.direction };
}
