import { phrase } from "../facts/phrase.ts";
import type { NotChecked } from "../facts/world.ts";
import { HuntError } from "../hunt/hunt-error.ts";
import { isFromError, namedPlace, type Place } from "../hunt/place.ts";
import type { Field } from "../hunt/field.ts";
import { jsonOf } from "../tell/report/walk-json.ts";
import { walkText } from "../tell/report/walk-text.ts";
import { parseSymptom, type Symptom } from "../think/symptom/symptom.ts";
import { isTargetError, resolveTarget, type Target } from "../think/symptom/target.ts";
import { arrives, type Flow } from "../think/walk/branch.ts";
import { applyEdits } from "../think/walk/edits/edit-kinds.ts";
import { parseSet } from "../think/walk/edits/parse-set.ts";
import { walk } from "../think/walk/walk.ts";
import { openCluster, readField, unlessUnread } from "./open-cluster.ts";
import { CliError, EXIT } from "./run.ts";
import { styleOf } from "./speech.ts";
import { writeJson } from "./write-json.ts";
import type { WalkOptions } from "./walk.ts";

const SPORT = 29_999;
const BYTES = { tcp: 60, udp: 76, icmp: 84 } as const;

/** Exit status: 0 delivered both ways on every branch, 1 not, 2 unknown. */
export async function runWalk(from: string, to: string, options: WalkOptions, signal: AbortSignal): Promise<number> {
  const destination = destinationOf(to, options.namespace);
  const open = await openCluster(options, signal);
  try {
    const { field, notChecked } = await readField(open, {}, () => {});
    const { place, target } = endsOf(from, destination, options.namespace, field, notChecked);
    const nodes = [...new Set([...field.world.netns.values()].map((n) => n.node))];
    const edits = options.set.map((text) => {
      const parsed = parseSet(text, nodes);
      if (!parsed.ok) throw new CliError(phrase("bad-set", { why: parsed.why }), phrase("set-form"));
      return parsed.edit;
    });
    const protocol = protocolTo(destination, target, options.protocol);
    const flow: Flow = {
      from: place.netns,
      src: null,
      dst: target.ip,
      protocol,
      sport: SPORT,
      dport: protocol === "icmp" ? 0 : target.port,
      bytes: options.size ?? BYTES[protocol],
    };
    const style = styleOf(options);
    const walked = walk(applyEdits(field.world, edits), flow);
    if (options.output === "json") writeJson(jsonOf(walked, style.words));
    else process.stdout.write(`${walkText(walked, { ...style, verbose: options.verbose === true })}\n`);
    const ends = walked.branches.map(arrives);
    return ends.includes(false) ? EXIT.broken : ends.every((e) => e === true) ? EXIT.good : EXIT.noCause;
  } finally {
    await open.reader.close();
  }
}

/** @throws CliError */
export function destinationOf(to: string, namespace: string): Symptom {
  const symptom = parseSymptom(to, namespace);
  if (!("error" in symptom)) return symptom;
  throw new CliError(phrase("no-destination", { input: to }), phrase("destination-forms"));
}

/** What was typed, or what the target speaks. @throws CliError where there is no port for it */
export function protocolTo<P extends Target["protocol"]>(destination: Symptom, target: Target, typed: P | undefined) {
  const protocol = typed ?? target.protocol;
  if (protocol === "icmp" || target.port > 0) return protocol;
  const { input } = destination;
  throw new CliError(phrase("no-port-for", { input, protocol }), phrase("give-port", { input }));
}

/** @throws CliError, HuntError when one of them is nothing that this cluster has, or cannot be told */
export function endsOf(
  from: string,
  destination: Symptom,
  namespace: string,
  field: Field,
  notChecked: readonly NotChecked[],
): { readonly place: Place; readonly target: Target } {
  const target = resolveTarget(destination, field.cluster, field.world);
  if (isTargetError(target)) throw unlessUnread(new HuntError(target), notChecked);
  const place = namedPlace(from, namespace, field.world, field.cluster);
  if (isFromError(place)) throw unlessUnread(new HuntError(place), notChecked);
  return { place, target };
}
