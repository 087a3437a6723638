import { randomBytes } from "node:crypto";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NetnsName, NodeName } from "../../facts/provenance.ts";
import { KubeError } from "../../read/kube/kube-reader.ts";
import { HERE } from "../../read/transport/inventory.ts";
import type { Transport } from "../../read/transport/reader.ts";
import { ChangeError } from "../change-error.ts";
import { type ApiWriter, carryOut, type Eyes, Hands, lookAt } from "./hands.ts";
import { type JournalEntry, type NodeIdentity, runId } from "./journal/entry.ts";
import { readIdentity, STATE_DIR, writeEntry } from "./journal/journal.ts";
import { type BoundRepair, type Judgement, ReadFailure } from "./kind.ts";
import { PERSIST_FILE, readPersistFile, refuseSharedFile, withKey, writePersistFile } from "./persist/persist.ts";
import type { Plan, PlannedStep } from "./plan.ts";

export interface ChangeContext {
  readonly transport: Transport;
  /** Null: no API; its repairs then fail with `no-api`. */
  readonly api: ApiWriter | null;
  readonly now: () => Date;
  /** Path on the node of a pod's namespace, looked up now; null when it is gone. Not asked for `host`. @throws KubeError */
  readonly netnsPath: (node: NodeName, netns: NetnsName) => Promise<string | null>;
  /** Six hexadecimal digits; random when left out. */
  readonly random?: () => string;
  readonly stateDir?: string;
}

export interface AppliedStep {
  readonly step: PlannedStep;
  /** The journal's entry; null when nothing had to be done. */
  readonly entry: JournalEntry | null;
  /** `already`: an earlier step of this plan brought it about. */
  readonly result: "applied" | "already";
  /** The written file; null without --persist, or where the kind has none. */
  readonly persisted: string | null;
}

export interface Applied {
  readonly steps: readonly AppliedStep[];
  /** What stopped it; the steps before it are in force and in the journal. */
  readonly error: ChangeError | null;
  /** The entry of the step that was stopped, if it had been begun: `undo` takes it back. */
  readonly unfinished: JournalEntry | null;
}

/** Does the plan, a step after the other: read again, journal, change, read back. Stops at the first that fails. */
export async function applyPlan(
  plan: Plan,
  context: ChangeContext,
  options: { readonly force: boolean; readonly persist: boolean },
): Promise<Applied> {
  const [refusal] = plan.refusals;
  if (refusal !== undefined) return { steps: [], error: refusal, unfinished: null };
  const run = runId(context.now(), context.random?.() ?? randomBytes(3).toString("hex"));
  const steps: AppliedStep[] = [];
  for (const [i, step] of plan.steps.entries()) {
    const work = new StepWork(step, context, plan.symptom, `${run}-${i + 1}`);
    try {
      steps.push(await work.apply({ ...options, isFirst: i === 0 }));
    } catch (error) {
      if (!(error instanceof ChangeError)) throw error;
      return { steps, error, unfinished: work.entry };
    }
  }
  return { steps, error: null, unfinished: null };
}

class StepWork {
  entry: JournalEntry | null = null;
  readonly #step: PlannedStep;
  readonly #context: ChangeContext;
  readonly #symptom: string;
  readonly #id: string;

  constructor(step: PlannedStep, context: ChangeContext, symptom: string, id: string) {
    this.#step = step;
    this.#context = context;
    this.#symptom = symptom;
    this.#id = id;
  }

  async apply(options: { force: boolean; persist: boolean; isFirst: boolean }): Promise<AppliedStep> {
    const { bound, found } = this.#step;
    const { api } = this.#context;
    const { host, hands } = await openHands(this.#step.repair.node, this.#step.netns, this.#context);
    const identity = await readIdentity(host);
    const pod = hands === host ? undefined : (await readIdentity(hands)).netns;
    const persist = options.persist && isPersistent(this.#step);
    if (persist) await refuseSharedFile(host);

    const before = await seeNow(bound, hands, api);
    const judged = bound.judge(before, found, null);
    if (judged === "as-wanted" && !options.isFirst) {
      return { step: this.#step, entry: null, result: "already", persisted: null };
    }
    this.#refuseChanged(judged, options.force, host.node);
    const losses = bound.losses(before);
    if (losses.length > 0 && !options.force)
      throw new ChangeError("loses-more", host.node, phrase("several", { parts: losses }));

    const oldFile = persist ? await readPersistFile(host) : null;
    const entry = this.#newEntry(host.node, identity, bound.keep(before), persist ? oldFile : undefined);
    this.entry = { ...entry, pod };
    await this.#begin(host, this.entry);
    try {
      if (judged !== "as-wanted") for (const act of bound.acts(before)) await carryOut(act, hands, api);
      const after = await seeNow(bound, hands, api);
      this.entry = { ...this.entry, after: bound.keep(after) };
      const verdict = bound.judge(after, null, before);
      if (verdict !== "as-wanted")
        throw new ChangeError(
          "read-back-differs",
          host.node,
          phrase("about", { object: bound.object, what: otherOf(verdict, phrase("unchanged")) }),
        );
      if (persist) await this.#persist(host, oldFile);
      this.entry = { ...this.entry, status: "applied" };
      await this.#write(host, this.entry, "old");
      return {
        step: this.#step,
        entry: this.entry,
        result: "applied",
        persisted: persist ? PERSIST_FILE : null,
      };
    } catch (error) {
      this.entry = { ...this.entry, status: "failed" };
      // The first error is the one to tell.
      await this.#write(host, this.entry, "old").catch(() => {});
      throw error;
    }
  }

  #refuseChanged(judged: Judgement, force: boolean, node: NodeName): void {
    if (judged === "as-found" || force) return;
    if (judged === "as-wanted") throw new ChangeError("already-done", node, this.#step.bound.object);
    throw new ChangeError(
      "changed-since",
      node,
      phrase("about", { object: this.#step.bound.object, what: judged.other }),
    );
  }

  async #begin(host: Hands, entry: JournalEntry): Promise<void> {
    try {
      await this.#write(host, entry, "new");
    } catch (error) {
      this.entry = null;
      throw error;
    }
  }

  #write(host: Hands, entry: JournalEntry, as: "new" | "old"): Promise<void> {
    return writeEntry(host, this.#context.stateDir ?? STATE_DIR, entry, as);
  }

  async #persist(host: Hands, oldFile: string | null): Promise<void> {
    const { key = "", value = "" } = this.#step.repair.params;
    await writePersistFile(host, withKey(oldFile, key, value));
  }

  #newEntry(node: NodeName, identity: NodeIdentity, before: unknown, oldFile: string | null | undefined): JournalEntry {
    const { id, kind, params } = this.#step.repair;
    const { key = "", value = "" } = params;
    return {
      schema: "lasthop/journal/v1",
      id: this.#id,
      node,
      identity,
      at: this.#context.now().toISOString(),
      status: "applying",
      symptom: this.#symptom.slice(0, 1000),
      repair: { id, kind, netns: this.#step.netns, params },
      before,
      after: null,
      persist: oldFile === undefined ? null : { path: PERSIST_FILE, key, value, before: oldFile },
      undoneAt: null,
    };
  }
}

/** Only sysctls of the node's own namespace have a file that is read again at boot. @throws ChangeError persist-not-host */
function isPersistent({ repair, netns }: Pick<PlannedStep, "repair" | "netns">): boolean {
  if (repair.id !== "set-sysctl") return false;
  if (netns !== "host") throw new ChangeError("persist-not-host", repair.node, netns);
  return true;
}

/** `host` for files, `hands` for the namespace that is repaired. An API object's journal lies on the first node. */
export async function openHands(
  node: NodeName | null,
  netns: NetnsName,
  { transport, netnsPath }: Pick<ChangeContext, "transport" | "netnsPath">,
): Promise<{ host: Hands; hands: Hands }> {
  const on = node ?? transport.nodes.filter((name) => name !== HERE).sort()[0];
  if (on === undefined || !transport.nodes.includes(on))
    throw new ChangeError("no-node", node, phrase("node-unreachable"));
  const host = new Hands(transport, on, null);
  if (node === null || netns === "host") return { host, hands: host };
  return { host, hands: new Hands(transport, on, await podPath(on, netns, netnsPath)) };
}

/** @throws ChangeError no-netns, no-api */
export async function podPath(
  node: NodeName,
  netns: NetnsName,
  netnsPath: ChangeContext["netnsPath"],
): Promise<string> {
  try {
    const path = await netnsPath(node, netns);
    if (path !== null) return path;
  } catch (cause) {
    if (!(cause instanceof KubeError)) throw cause;
    throw new ChangeError("no-api", node, phrase("about", { object: netns, what: cause.told }), { cause });
  }
  throw new ChangeError("no-netns", node, netns);
}

/** @throws ChangeError unreadable */
export async function seeNow(bound: BoundRepair, eyes: Eyes, api: ApiWriter | null): Promise<unknown> {
  const answers = await lookAt(bound.looks, eyes, api);
  try {
    return bound.see(answers);
  } catch (cause) {
    if (cause instanceof ReadFailure)
      throw new ChangeError("unreadable", eyes.node, phrase("about", { object: bound.object, what: cause.told }), {
        cause,
      });
    throw cause;
  }
}

export function otherOf(judgement: Judgement, otherwise: Phrase): Phrase {
  return typeof judgement === "string" ? otherwise : judgement.other;
}
