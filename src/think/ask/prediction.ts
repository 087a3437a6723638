import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { Branch, Step } from "../walk/branch.ts";
import type { Disposition } from "../walk/dispositions.ts";
import { outerIp } from "../walk/packet.ts";
import { readRoute } from "./route-words.ts";

/** What the walk expects the kernel to say. */
export type Prediction =
  | { readonly says: "route"; readonly via: string | null; readonly dev: string | null }
  | { readonly says: "local" }
  | { readonly says: "error"; readonly error: KernelError; readonly disposition: Disposition }
  /** The walk itself does not know, or the kernel's answer says nothing about it. */
  | { readonly says: "nothing"; readonly why: Phrase };

/** The words of strerror(3), as iproute2 prints them. */
export type KernelError =
  | "No route to host"
  | "Network is unreachable"
  | "Invalid argument"
  | "Permission denied"
  | "Invalid cross-device link";

/**
 * What ip_route_input_slow and ip_route_output_key_hash_rcu answer, the first as measured on 6.18. For a source that fails
 * reverse path filtering kernels before hand on the EXDEV of fib_validate_source.
 */
export const ERRORS: Readonly<Partial<Record<Disposition, readonly KernelError[]>>> = {
  FORWARDING_OFF: ["No route to host"],
  NO_ROUTE: ["Network is unreachable"],
  BLACKHOLE_ROUTE: ["Invalid argument"],
  // A policy rule that says unreachable answers ENETUNREACH (fib4_rule_action), a route EHOSTUNREACH.
  UNREACHABLE_ROUTE: ["No route to host", "Network is unreachable"],
  PROHIBIT_ROUTE: ["Permission denied"],
  RP_FILTER: ["Invalid argument", "Invalid cross-device link"],
  MARTIAN_SOURCE: ["Invalid argument", "Invalid cross-device link"],
  MARTIAN_DESTINATION: ["Invalid argument"],
};

export function predictionAt(leg: Branch, at: number): Prediction {
  const step = leg.steps[at];
  if (step === undefined) throw new RangeError(`no step ${at}`);
  const failure = endsHere(leg, at) ? leg.end : null;
  if (failure === "UNKNOWN") return { says: "nothing", why: leg.unknown?.why ?? phrase("walk-does-not-know") };
  const errors = failure === null ? undefined : ERRORS[failure];
  if (failure !== null && errors?.[0] !== undefined) {
    // ip6_forward decides that, and no lookup asks it.
    const isIpv6 = outerIp(step.packet).dst.family === 6;
    if (isIpv6 && failure === "FORWARDING_OFF") return { says: "nothing", why: phrase("lookup-without-forwarding") };
    return { says: "error", error: errors[0], disposition: failure };
  }
  const told = typeof step.detail === "string" ? readRoute(step.detail) : null;
  if (told === null) return fromLater(leg, at);
  if (told.isMultipath) return { says: "nothing", why: "multipath" };
  if (told.type === "local") return { says: "local" };
  if (told.type !== "unicast") return { says: "nothing", why: told.type };
  return { says: "route", via: told.via, dev: told.dev };
}

/** The leg ends with this routing decision or with a check that belongs to it. */
function endsHere(leg: Branch, at: number): boolean {
  const step = leg.steps[at];
  const later = leg.steps.slice(at + 1);
  const parts: readonly Step["kind"][] = ["forward", "reverse-path", "route-input"];
  return leg.netns === step?.netns && later.every((s) => parts.includes(s.kind) && s.netns === step.netns);
}

/** Where a step's words are no route: what the walk did next. */
function fromLater(leg: Branch, at: number): Prediction {
  const netns = leg.steps[at]?.netns;
  for (const step of leg.steps.slice(at + 1)) {
    if (step.netns !== netns) break;
    if (step.kind === "local-deliver") return { says: "local" };
    if (step.kind === "neighbour" && step.link !== null) return { says: "route", via: null, dev: step.link };
  }
  return { says: "nothing", why: phrase("way-not-told") };
}
