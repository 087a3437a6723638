import { bootOf } from "../../boot.ts";
import { inNetns } from "../../netns.ts";
import type { Plan, PlannedNode } from "../../plan.ts";
import { iptablesRestore } from "../../rules/iptables-tool.ts";
import { type AppliedPolicy, appliedPolicies, type Enforcement } from "../../rules/policy/applied.ts";
import { calicoEnforcement } from "../../rules/policy/calico-policy.ts";
import { kubeRouterEnforcement, kubeRouterJumps } from "../../rules/policy/kube-router-policy.ts";
import { chain, restoreText } from "../../rules/restore-text.ts";
import { run } from "../../run.ts";
import { inTurn } from "./in-turn.ts";
import { resourceOfKind } from "./resources.ts";
import type { Store } from "./store.ts";

/** What a node enforces since that boot of it. */
interface Written {
  boot: string;
  content: string;
  enforcement: Enforcement;
}

const NOTHING: Omit<Written, "boot"> = {
  content: "[]",
  enforcement: { sets: new Map(), chains: [], emptied: [], rules: [] },
};

/** Who enforces NetworkPolicies on every node: Felix with Calico, kube-router's controller beside flannel. */
export class Policer {
  readonly #plan: Plan;
  readonly #store: Store;
  readonly #written = new Map<string, Written>();
  readonly sync = inTurn(() => this.#syncAll());

  constructor(plan: Plan, store: Store) {
    this.#plan = plan;
    this.#store = store;
  }

  async #syncAll(): Promise<void> {
    const list = (kind: string) => this.#store.list(resourceOfKind(kind), null);
    const policies = appliedPolicies(list("NetworkPolicy"), list("Pod"), list("Namespace"));
    const content = JSON.stringify(policies);
    await Promise.all(this.#plan.nodes.map((node) => this.#syncNode(node, policies, content)));
  }

  /** Sets first, then the rules that ask them; what nobody asks any longer goes last. */
  async #syncNode(node: PlannedNode, policies: readonly AppliedPolicy[], content: string): Promise<void> {
    const boot = bootOf(this.#plan.lab, node);
    if (boot === null) return;
    const held = this.#written.get(node.name);
    const written = held?.boot === boot ? held : NOTHING;
    if (content === written.content) return;
    const before = written.enforcement;
    const isCalico = this.#plan.cni === "calico";
    const now = (isCalico ? calicoEnforcement : kubeRouterEnforcement)(this.#plan, node, policies);
    const feed = (argv: readonly string[], lines: readonly string[]): Promise<unknown> =>
      lines.length === 0 ? Promise.resolve() : run(inNetns(node.netns, argv), { input: `${lines.join("\n")}\n` });
    await feed(
      ["ipset", "-exist", "restore"],
      [...now.sets].flatMap(([set, [create = "", ...adds]]) => [create, `flush ${set}`, ...adds]),
    );
    const stale = before.chains.filter((name) => !now.chains.includes(name));
    const [were, are] = [before, now].map((one) => !isCalico && one.chains.length > 0);
    const filter = [
      ...[...now.chains, ...now.emptied, ...stale].map(chain),
      ...now.rules,
      ...(are && !were ? kubeRouterJumps().map((jump) => `-I ${jump}`) : []),
      ...(were && !are ? kubeRouterJumps().map((jump) => `-D ${jump}`) : []),
      ...stale.map((name) => `-X ${name}`),
    ];
    await run(inNetns(node.netns, [...(await iptablesRestore()), "--noflush"]), { input: restoreText({ filter }) });
    await feed(
      ["ipset", "restore"],
      [...before.sets.keys()].filter((set) => !now.sets.has(set)).map((set) => `destroy ${set}`),
    );
    this.#written.set(node.name, { boot, content, enforcement: now });
  }
}
