import { type Ip, sameIp } from "../../facts/ip.ts";
import type { NetnsId } from "../../facts/provenance.ts";
import type { Branch, Step } from "../walk/branch.ts";
import { outerIp, type Packet } from "../walk/packet.ts";
import { type Prediction, predictionAt } from "./prediction.ts";

/** What a node's kernel is to be asked about one routing decision; run in that netns. It sends no packet. */
export interface Question {
  readonly netns: NetnsId;
  readonly argv: readonly string[];
  readonly step: Step;
  readonly leg: "request" | "reply";
  readonly predicted: Prediction;
}

export interface AskOptions {
  /** The sender binds its source address, so that policy rules see it from the first lookup on. */
  readonly sourceIsBound?: boolean;
}

/** One question for each routing decision of the request and of its first reply, in the order of the path. */
export function questionsOf(branch: Branch, options: AskOptions = {}): readonly Question[] {
  const [reply] = branch.reply;
  return [
    ...questionsOfLeg(branch, "request", options.sourceIsBound ?? false),
    ...(reply === undefined ? [] : questionsOfLeg(reply, "reply", true)),
  ];
}

function questionsOfLeg(leg: Branch, name: "request" | "reply", sourceIsBound: boolean): readonly Question[] {
  return leg.steps.flatMap((step, at): readonly Question[] => {
    if (step.kind !== "route-input" && step.kind !== "route-output") return [];
    const argv = step.kind === "route-input" ? inputQuestion(step) : outputQuestion(step, sourceIsBound, name, leg, at);
    if (argv === null) return [];
    return [{ netns: step.netns, argv, step, leg: name, predicted: predictionAt(leg, at) }];
  });
}

/** The step's link is the one that the routing code sees: the bridge, not its port. Null when the walk does not tell. */
function inputQuestion({ link, packet }: Step): readonly string[] | null {
  if (link === null) return null;
  const { src, dst } = outerIp(packet);
  return [...routeGet(dst), "from", src.text, "iif", link, ...markOf(packet)];
}

/**
 * A tunnel's own lookup and a socket that did not bind leave the source to the route; with `from` the kernel would take it as
 * chosen, and refuse an address that it does not have (ip_route_output_key_hash_rcu) or that must not leave (__mkroute_output):
 * which is asked where the walk says so.
 */
function outputQuestion(
  step: Step,
  sourceIsBound: boolean,
  leg: "request" | "reply",
  branch: Branch,
  at: number,
): readonly string[] {
  const { src, dst } = outerIp(step.packet);
  const isOuter = step.packet.headers.filter((header) => header.kind === "ip").length > 1;
  const isFirst = !branch.steps.slice(0, at).some((s) => s.kind === "route-output");
  const isRefused =
    (branch.end === "MARTIAN_SOURCE" && step === branch.steps.at(-1)) ||
    branch.decidedBy.some((read) => read.of === "local-address" && read.netns === step.netns && sameIp(read.ip, src));
  const bound = isRefused || (!isOuter && isFirst && (sourceIsBound || leg === "reply"));
  return [...routeGet(dst), ...(bound ? ["from", src.text] : []), ...markOf(step.packet)];
}

function routeGet(dst: Ip): readonly string[] {
  return dst.family === 6 ? ["ip", "-6", "route", "get", dst.text] : ["ip", "route", "get", dst.text];
}

function markOf(packet: Packet): readonly string[] {
  return packet.mark === 0 ? [] : ["mark", `0x${packet.mark.toString(16)}`];
}
