import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NetnsName, NodeName } from "../../facts/provenance.ts";
import { HERE } from "../../read/transport/inventory.ts";
import type { Reader } from "../../read/transport/reader.ts";
import { ChangeError } from "../change-error.ts";
import { type ApiWriter, Eyes } from "./hands.ts";
import { podPath, seeNow } from "./apply.ts";
import type { Judgement } from "./kind.ts";
import type { Plan, PlannedStep } from "./plan.ts";

export interface InspectedStep {
  readonly step: PlannedStep;
  /** The fact as it is now; null when it could not be read: `error` says why. */
  readonly now: Judgement | null;
  /** What the node would lose by the change besides. */
  readonly losses: readonly Phrase[];
  readonly error: ChangeError | null;
}

/** What a plan would meet: reads the node, changes nothing. Of the API only `read` is used. */
export async function inspectPlan(
  plan: Plan,
  context: {
    readonly reader: Reader;
    readonly api: ApiWriter | null;
    readonly netnsPath: (node: NodeName, netns: NetnsName) => Promise<string | null>;
  },
): Promise<readonly InspectedStep[]> {
  const inspected: InspectedStep[] = [];
  for (const step of plan.steps) {
    try {
      inspected.push(await inspectStep(step, context));
    } catch (error) {
      if (!(error instanceof ChangeError)) throw error;
      inspected.push({ step, now: null, losses: [], error });
    }
  }
  return inspected;
}

async function inspectStep(
  step: PlannedStep,
  { reader, api, netnsPath }: Parameters<typeof inspectPlan>[1],
): Promise<InspectedStep> {
  const { repair, netns, bound } = step;
  const node = repair.node ?? reader.nodes.filter((name) => name !== HERE).sort()[0];
  if (node === undefined || !reader.nodes.includes(node))
    throw new ChangeError("no-node", repair.node, phrase("node-unreachable"));
  const path = repair.node === null || netns === "host" ? null : await podPath(node, netns, netnsPath);
  const seen = await seeNow(bound, new Eyes(reader, node, path), api);
  return { step, now: bound.judge(seen, step.found, null), losses: bound.losses(seen), error: null };
}
