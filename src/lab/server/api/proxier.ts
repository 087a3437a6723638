import { existsSync } from "node:fs";
import { bootOf } from "../../boot.ts";
import { inNetns } from "../../netns.ts";
import { stoppedProxyPath } from "../../paths.ts";
import type { Plan, PlannedNode } from "../../plan.ts";
import { iptablesRestore } from "../../rules/iptables-tool.ts";
import { kubeProxyRules, type ServicePort, serviceChains } from "../../rules/kube-proxy-rules.ts";
import { run } from "../../run.ts";
import { servicePorts } from "./endpoints.ts";
import { inTurn } from "./in-turn.ts";
import type { Store } from "./store.ts";

/** What a node's tables hold since that boot of it. */
interface Written {
  boot: string;
  content: string;
  chains: readonly string[];
}

/** kube-proxy on every node: writes the Services' chains anew when what they are made from has changed. */
export class Proxier {
  readonly #plan: Plan;
  readonly #store: Store;
  readonly #written = new Map<string, Written>();
  readonly sync = inTurn(() => this.#syncAll());

  constructor(plan: Plan, store: Store) {
    this.#plan = plan;
    this.#store = store;
  }

  #syncAll(): Promise<unknown> {
    const ports = servicePorts(this.#store);
    return Promise.all(this.#plan.nodes.map((node) => this.#syncNode(node, ports)));
  }

  async #syncNode(node: PlannedNode, ports: readonly ServicePort[]): Promise<void> {
    const { clusterCidr, lab } = this.#plan;
    const { name, netns } = node;
    const boot = bootOf(lab, node);
    // A node without power has no kube-proxy either.
    if (boot === null || existsSync(stoppedProxyPath(lab, name))) return;
    const content = kubeProxyRules(ports, clusterCidr, name, []);
    const held = this.#written.get(name);
    const written = held?.boot === boot ? held : null;
    if (content === written?.content) return;
    const chains = serviceChains(ports, name);
    const stale = (written?.chains ?? []).filter((chain) => !chains.includes(chain));
    const text = kubeProxyRules(ports, clusterCidr, name, stale);
    await run(inNetns(netns, [...(await iptablesRestore()), "--noflush"]), { input: text });
    this.#written.set(name, { boot, content, chains });
  }
}
