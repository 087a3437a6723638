import { sameIp } from "../../facts/ip.ts";
import type { World } from "../../facts/world.ts";
import type { WrongTargetPort } from "../intent/target-port.ts";
import { arrives } from "../walk/branch.ts";
import { walk } from "../walk/walk.ts";
import type { NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";
import { retargeted, translationOf } from "./translation.ts";

/**
 * The port is closed because a Service leads to one that its pods do not have. Confirmed where the port that was meant is
 * clear, and the walk with the Service leading there arrives.
 */
export function ofService(closed: NamedCause, suspect: Suspect, wrong: WrongTargetPort, world: World): NamedCause {
  const isProven = wrong.meant !== null && arrivesAt(suspect, wrong, world);
  return {
    ...closed,
    id: "svc-targetport-wrong",
    node: null,
    netns: null,
    object: wrong.object,
    found: wrong.found,
    wanted: wrong.meant,
    params: wrong.params,
    confidence: closed.confidence === "confirmed" && !isProven ? "likely" : closed.confidence,
    proven: isProven,
    api: wrong.repair,
  };
}

/** The same flow with its own endpoint's port corrected, where the Service is asked and where the endpoint is. */
function arrivesAt({ tried, branch }: Suspect, { leadsTo }: WrongTargetPort, world: World): boolean {
  const to = leadsTo.find((e) => sameIp(e.ip, branch.destination.ip));
  if (to === undefined) return false;
  const translation = translationOf(world, branch);
  const mended =
    translation === null
      ? walk(world, { ...tried.flow, dport: to.port })
      : walk(retargeted(world, translation, to), tried.flow);
  const ways = mended.branches.filter((b) => sameIp(b.destination.ip, to.ip) && b.destination.port === to.port);
  return ways.length > 0 && ways.every((way) => arrives(way) === true);
}
