import { phrase } from "../../facts/phrase.ts";
import type { NetnsName, NodeName } from "../../facts/provenance.ts";
import { HERE } from "../../read/transport/inventory.ts";
import type { Reader } from "../../read/transport/reader.ts";
import { ChangeError } from "../change-error.ts";
import { type ApiWriter, Eyes } from "./hands.ts";
import { isPersistent, seeNow } from "./apply.ts";
import type { Judgement } from "./kind.ts";
import { refuseSharedFile } from "./persist/persist.ts";
import { type PersistWarning, persistWarnings } from "./persist/sysctl-files.ts";
import type { Plan, PlannedStep } from "./plan.ts";

export interface InspectedStep {
  readonly step: PlannedStep;
  /** The fact as it is now; null when it could not be read: `error` says why. */
  readonly now: Judgement | null;
  /** Lines that would win over a persistent file of ours; empty when none was asked for. */
  readonly warnings: readonly PersistWarning[];
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
  options: { readonly persist: boolean },
): Promise<readonly InspectedStep[]> {
  const inspected: InspectedStep[] = [];
  for (const step of plan.steps) {
    try {
      inspected.push(await inspectStep(step, context, options.persist));
    } catch (error) {
      if (!(error instanceof ChangeError)) throw error;
      inspected.push({ step, now: null, warnings: [], error });
    }
  }
  return inspected;
}

async function inspectStep(
  step: PlannedStep,
  { reader, api, netnsPath }: Parameters<typeof inspectPlan>[1],
  persist: boolean,
): Promise<InspectedStep> {
  const { repair, netns, bound } = step;
  const node = repair.node ?? reader.nodes.filter((name) => name !== HERE).sort()[0];
  if (node === undefined || !reader.nodes.includes(node))
    throw new ChangeError("no-node", repair.node, phrase("node-unreachable"));
  const path = repair.node === null || netns === "host" ? null : await netnsPath(node, netns);
  if (path === null && netns !== "host") throw new ChangeError("no-netns", node, netns);
  const now = bound.judge(await seeNow(bound, new Eyes(reader, node, path), api), step.found, null);
  if (!persist || !isPersistent(step)) return { step, now, warnings: [], error: null };
  await refuseSharedFile(new Eyes(reader, node, null));
  const { key = "", value = "" } = repair.params;
  return { step, now, warnings: await persistWarnings(reader, node, key, value), error: null };
}
