import { inNetns } from "../../netns.ts";
import type { Plan } from "../../plan.ts";
import { iptablesRestore } from "../../rules/iptables-tool.ts";
import { kubeProxyRules, serviceChains } from "../../rules/kube-proxy-rules.ts";
import { run } from "../../run.ts";
import { servicePorts } from "./endpoints.ts";
import type { Store } from "./store.ts";

/** kube-proxy on every node: writes the Services' chains anew when what they are made from has changed. */
export class Proxier {
  readonly #plan: Plan;
  readonly #store: Store;
  #chains: readonly string[] = [];
  #written = "";
  #syncs: Promise<void> = Promise.resolve();

  constructor(plan: Plan, store: Store) {
    this.#plan = plan;
    this.#store = store;
  }

  /** One after the other: two `iptables-restore` of one node would race for the stale chains. */
  sync(): Promise<void> {
    this.#syncs = this.#syncs.catch(() => {}).then(() => this.#syncOnce());
    return this.#syncs;
  }

  async #syncOnce(): Promise<void> {
    const ports = servicePorts(this.#store);
    const wanted = serviceChains(ports);
    const content = kubeProxyRules(ports, this.#plan.clusterCidr, []);
    if (content === this.#written) return;
    const stale = this.#chains.filter((name) => !wanted.includes(name));
    const text = kubeProxyRules(ports, this.#plan.clusterCidr, stale);
    const argv = [...(await iptablesRestore()), "--noflush"];
    await Promise.all(this.#plan.nodes.map((node) => run(inNetns(node.netns, argv), { input: text })));
    this.#chains = wanted;
    this.#written = content;
  }
}
