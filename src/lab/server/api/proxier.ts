import { existsSync } from "node:fs";
import { inNetns, netnsInode } from "../../netns.ts";
import { stoppedProxyPath } from "../../paths.ts";
import type { Plan, PlannedNode } from "../../plan.ts";
import { iptablesRestore } from "../../rules/iptables-tool.ts";
import { kubeProxyRules, type ServicePort, serviceChains } from "../../rules/kube-proxy-rules.ts";
import { run } from "../../run.ts";
import { servicePorts } from "./endpoints.ts";
import type { Store } from "./store.ts";

/** What a node's tables hold, by the namespace that it had then: one that was booted since holds nothing of it. */
interface Written {
  inode: bigint;
  content: string;
  chains: readonly string[];
}

/** kube-proxy on every node: writes the Services' chains anew when what they are made from has changed. */
export class Proxier {
  readonly #plan: Plan;
  readonly #store: Store;
  readonly #written = new Map<string, Written>();
  #syncs: Promise<unknown> = Promise.resolve();

  constructor(plan: Plan, store: Store) {
    this.#plan = plan;
    this.#store = store;
  }

  /** One after the other: two `iptables-restore` of one node would race for the stale chains. */
  sync(): Promise<unknown> {
    this.#syncs = this.#syncs.catch(() => {}).then(() => this.#syncAll());
    return this.#syncs;
  }

  #syncAll(): Promise<unknown> {
    const ports = servicePorts(this.#store);
    return Promise.all(this.#plan.nodes.map((node) => this.#syncNode(node, ports)));
  }

  async #syncNode({ name, netns }: PlannedNode, ports: readonly ServicePort[]): Promise<void> {
    const inode = netnsInode(netns);
    // A node without power has no kube-proxy either.
    if (inode === null || existsSync(stoppedProxyPath(this.#plan.lab, name))) return;
    const { clusterCidr } = this.#plan;
    const content = kubeProxyRules(ports, clusterCidr, name, []);
    const held = this.#written.get(name);
    const written = held?.inode === inode ? held : null;
    if (content === written?.content) return;
    const chains = serviceChains(ports, name);
    const stale = (written?.chains ?? []).filter((chain) => !chains.includes(chain));
    const text = kubeProxyRules(ports, clusterCidr, name, stale);
    await run(inNetns(netns, [...(await iptablesRestore()), "--noflush"]), { input: text });
    this.#written.set(name, { inode, content, chains });
  }
}
