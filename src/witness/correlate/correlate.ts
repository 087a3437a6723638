import type { Frame, Sighting } from "../sighting.ts";
import { flowHeaders } from "./flow-headers.ts";
import { type Learnt, learn } from "./learn.ts";
import { Matcher } from "./matcher.ts";
import type { Tracer } from "./tracer.ts";

export interface Correlation extends Learnt {
  /** In no order but that of each netns's own file. */
  readonly sightings: readonly Sighting[];
}

/** Finds every frame that belongs to a tracer. The frames of all taps at once, those of one netns in file order. */
export function correlate(tracers: readonly Tracer[], frames: readonly Frame[]): Correlation {
  const learnt = learn(tracers, frames);
  const matcher = new Matcher(learnt.tracers, frames);
  const sightings: Sighting[] = [];
  for (const frame of frames) {
    const flow = flowHeaders(frame.headers);
    if (flow === null) continue;
    const match = matcher.match(frame, flow);
    if (match === null) continue;
    sightings.push({
      probe: match.probe,
      leg: match.leg,
      netns: frame.netns,
      link: frame.link ?? "any",
      direction: frame.direction,
      ...(frame.forOthers === true ? { forOthers: true } : {}),
      header: flow.header,
      headers: frame.headers,
      order: frame.order,
      atNs: frame.atNs,
    });
  }
  return { ...learnt, sightings };
}
