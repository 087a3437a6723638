import type { Endpoint } from "../facts/cluster.ts";
import { sameIp } from "../facts/ip.ts";
import { hopsOf, suspectsOf, type Tried } from "../think/explain/suspect.ts";
import { arrives, type Branch, endText, failingLeg } from "../think/walk/branch.ts";
import { gotThrough } from "../witness/probe/probe.ts";
import { askersOf } from "./askers.ts";
import { hopList } from "./conclude.ts";
import type { Conclusion } from "./conclusion.ts";
import type { Examined } from "./examination.ts";
import type { Field } from "./field.ts";
import type { Investigation } from "./investigation.ts";
import { isAsked } from "./rungs/http.ts";
import { makeTrial } from "./trials.ts";

/** A branch that the walk says is lost, and whose endpoint answered none of the direct probes: tries that happened to miss it prove nothing. */
export function hasDeadBranch(faced: Investigation): boolean {
  const dead = faced.direct.filter(
    (e) => e.result.answers.length > 0 && e.result.answers.every((a) => !gotThrough(a.outcome)),
  );
  return faced.symptom.some((e) =>
    e.tried.walk.branches.some(
      (b) =>
        arrives(b) === false &&
        dead.some((d) => sameIp(d.trial.flow.dst, b.destination.ip) && d.trial.flow.dport === b.destination.port),
    ),
  );
}

/** In a recording nobody tries: a branch that the walk says is lost counts, unless flows were answered that the walk loses there too. */
export function isLostOnRecord(faced: Investigation): boolean {
  const refuted = new Set([...faced.symptom, ...faced.direct].flatMap(({ tried }) => refutedEnds(tried)));
  return [...faced.symptom, ...faced.adopted].some((e) =>
    suspectsOf(e.tried).some((s) => s.failed > 0 || (s.predicted !== null && !refuted.has(endKey(s.predicted.at)))),
  );
}

/** Where the walk ends flows that were answered. */
function refutedEnds({ walk: { branches }, tries }: Tried): readonly string[] {
  return branches.flatMap((branch) => {
    const lost = failingLeg(branch);
    const { ip, port } = branch.destination;
    const isAnswered = tries.some(
      ({ answered, trail }) =>
        answered &&
        (branches.length === 1 ||
          (trail?.destination != null && sameIp(trail.destination.ip, ip) && trail.destination.port === port)),
    );
    return lost !== null && isAnswered ? [endKey(lost.at)] : [];
  });
}

function endKey({ netns, link, end }: Branch): string {
  return `${netns} ${link} ${end}`;
}

/** The symptom and every endpoint were really asked. */
export function wasAsked(faced: Investigation): boolean {
  return faced.symptom.length > 0 && [...faced.symptom, ...faced.direct].every(isAsked);
}

/** No branch that the tries did not happen to take is known to be dead. */
export function notDoomed(faced: Investigation): boolean {
  return faced.direct
    .filter((e) => isOfEndpoint(faced, e))
    .every((e) => e.result.answers.every((a) => gotThrough(a.outcome)) || !isServed(faced, e));
}

/** Echoes, and another door of the same Service, say nothing against the way that was asked about. */
function isOfEndpoint({ endpoints, target }: Investigation, { trial }: Examined): boolean {
  const { dst, protocol } = trial.flow;
  return protocol === target.protocol && endpoints.some((e) => sameIp(e.ip, dst));
}

/**
 * A direct probe that fails while every try of the Service through that endpoint is answered says nothing of the symptom. What
 * others get through tells nothing of the place that it was sent from, where the symptom was tried from there as well.
 */
function isServed(faced: Investigation, direct: Examined): boolean {
  const { dst: to, from } = direct.trial.flow;
  const alike = faced.symptom.filter((e) => e.trial.flow.from === from);
  const through = (alike.length > 0 ? alike : faced.symptom)
    .flatMap((e) => e.tried.tries)
    .filter((t) => t.trail?.destination != null && sameIp(t.trail.destination.ip, to));
  return through.length === 0 || through.some((t) => !t.answered);
}

/**
 * How the symptom would go with the object corrected, to every endpoint that it would have, from where the symptom is or from the
 * node whose port is asked. `lost`: on the way, by something behind the object; a port that nobody listens on shows that these
 * are not the endpoints that were meant.
 */
export function fateOf(
  field: Field,
  focus: Investigation,
  candidates: readonly Endpoint[],
): "delivered" | "lost" | "not known" {
  const walks = focus.symptom.map(({ trial }) => trial.walk);
  const branches = askersOf(field, focus.target, focus.places, walks).flatMap((from) =>
    candidates.flatMap(
      (c) =>
        makeTrial(field.world, {
          id: "w",
          from,
          dst: c.ip,
          port: c.port,
          protocol: c.protocol === "UDP" ? "udp" : "tcp",
          url: null,
          attempts: 1,
        }).walk.branches,
    ),
  );
  if (branches.length === 0 || branches.some((b) => arrives(b) === null || b.end === "PORT_CLOSED")) return "not known";
  return branches.every((b) => arrives(b) === true) ? "delivered" : "lost";
}

export function branchRows(faced: Investigation, behind: Investigation | null): Conclusion["branches"] {
  const rows = new Map<string, { to: string; attempts: number; answered: number; predicted: string }>();
  for (const investigation of behind === null ? [faced] : [behind]) {
    const { protocol } = investigation.target;
    for (const { tried } of [...investigation.symptom, ...investigation.adopted, ...investigation.direct]) {
      // Of a recording other flows between the same two may be adopted.
      if (tried.flow.protocol !== protocol) continue;
      for (const branch of tried.walk.branches) {
        const to = endText(tried.flow.protocol, branch.destination.ip, branch.destination.port);
        const mine =
          tried.walk.branches.length === 1
            ? tried.tries
            : tried.tries.filter(
                (t) => t.trail?.destination != null && sameIp(t.trail.destination.ip, branch.destination.ip),
              );
        const row = rows.get(to) ?? { to, attempts: 0, answered: 0, predicted: branch.end };
        row.attempts += mine.length;
        row.answered += mine.filter((t) => t.answered).length;
        const back = branch.reply.find((r) => r.end !== "DELIVERED");
        row.predicted = branch.end === "DELIVERED" ? (back?.end ?? row.predicted) : branch.end;
        rows.set(to, row);
      }
    }
  }
  return [...rows.values()];
}

/** Where nothing is broken the path is the one on which most was seen, else the first. */
export function wholePath(faced: Investigation): Conclusion["path"] {
  const paths = faced.symptom.flatMap(({ tried }) =>
    tried.walk.branches.map((branch) => hopList(hopsOf(tried, branch), [])),
  );
  const seenOn = (path: Conclusion["path"]): number => path.filter((hop) => hop.witnessed === true).length;
  return paths.reduce<Conclusion["path"]>((best, path) => (seenOn(path) > seenOn(best) ? path : best), paths[0] ?? []);
}
