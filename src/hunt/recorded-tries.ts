import type { Ip } from "../facts/ip.ts";
import type { World } from "../facts/world.ts";
import type { Flow } from "../think/walk/branch.ts";
import { walk } from "../think/walk/walk.ts";
import { buildTrails } from "../witness/correlate/trail.ts";
import type { Probe } from "../witness/probe/probe.ts";
import type { Sighting } from "../witness/sighting.ts";
import type { Examined, Trial } from "./examination.ts";
import { asSaidLater } from "./lost-data.ts";
import { distinctPoints, type Legs, lostOn, NOT_SEEN, toTrail } from "./trails.ts";
import type { Recording } from "./recorded.ts";
import type { RecordedFlow, Sender } from "./recorded-flows.ts";
import { BYTES, WALK_SPORT } from "./trials.ts";

export interface RecordedWant {
  readonly id: string;
  readonly from: Sender;
  readonly dst: Ip;
  /** 0 for ICMP. */
  readonly port: number;
  readonly protocol: Flow["protocol"];
  /** Of a flow that was under way before; left out: any. */
  readonly sport?: number;
  /** The page that is asked for: then what responses say counts. */
  readonly isPage?: boolean;
}

/** A flow's walk, with the recorded flows of that kind as its tries: none where none was under way. */
export function examineRecorded(
  world: World,
  recording: Recording,
  want: RecordedWant,
  flows: readonly RecordedFlow[],
): Examined {
  const trial = recordedTrial(world, want, flows.length);
  const expected = distinctPoints(trial.walk);
  const sender = want.from.stranger === null ? want.from.netns : null;
  const isHeard = (seen: readonly Sighting[]): boolean => seen.every(({ netns }) => recording.trusted.has(netns));
  const losses: Legs[] = [];
  const tries = flows.map(({ outcome, ms, sightings, said, isSilent }) => {
    const [opened = NOT_SEEN] = buildTrails(sightings, expected, () => sender);
    const [later] = buildTrails(said, expected, () => sender);
    const isLost = outcome === "answered" && want.protocol === "tcp";
    const lost = isLost ? lostOn(opened, later, want.from.netns, (netns) => recording.trusted.has(netns)) : null;
    if (lost !== null) losses.push(lost);
    const seen = lost ?? opened;
    return {
      // Of a server that is silent the packets did their part.
      answered: outcome === "answered" && lost === null,
      outcome: lost !== null || (want.isPage === true && isSilent && isHeard(said)) ? "timeout" : outcome,
      ms,
      trail: toTrail(seen.request, seen.reply),
    };
  });
  return {
    trial,
    tried: { id: want.id, ...asSaidLater(losses, trial), tries, trusted: recording.trusted },
    result: {
      probe: trial.probe,
      answers: flows.map(({ ms, id, httpStatus }, i) => ({
        n: i + 1,
        outcome: tries[i]?.outcome ?? "timeout",
        httpStatus: want.isPage === true ? httpStatus : null,
        ms,
        sport: null,
        detail: id,
      })),
      tracers: [],
      tool: null,
      notChecked: [],
    },
  };
}

function recordedTrial(world: World, { id, from, dst, port, protocol, sport }: RecordedWant, attempts: number): Trial {
  const { stranger } = from;
  const flow: Flow = {
    from: from.netns,
    ...(stranger === null ? {} : { entersBy: stranger.entersBy }),
    src: stranger?.src ?? null,
    dst,
    protocol,
    sport: sport ?? WALK_SPORT,
    dport: port,
    bytes: BYTES[protocol],
  };
  const common = { id, from, src: flow.src, dst, attempts, deadlineMs: 0, alsoTo: [] };
  const probe: Probe =
    protocol === "icmp"
      ? { ...common, kind: "icmp", bytes: null }
      : protocol === "udp"
        ? { ...common, kind: "udp", port, zone: null }
        : { ...common, kind: "tcp", port };
  return { flow, walk: walk(world, flow), probe };
}
