import { inNetns, netnsInode } from "../../netns.ts";
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
  /** What a node's tables hold, by the namespace that it had then: one that was booted since holds nothing of it. */
  readonly #written = new Map<string, { readonly inode: bigint; readonly content: string }>();
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
    const behind = this.#plan.nodes.flatMap((node) => {
      const inode = netnsInode(node.netns);
      const held = this.#written.get(node.name);
      // A node without power has no kube-proxy either.
      return inode === null || (held?.inode === inode && held.content === content) ? [] : [{ node, inode }];
    });
    if (behind.length === 0) return;
    const stale = this.#chains.filter((name) => !wanted.includes(name));
    const text = kubeProxyRules(ports, this.#plan.clusterCidr, stale);
    const argv = [...(await iptablesRestore()), "--noflush"];
    await Promise.all(
      behind.map(async ({ node, inode }) => {
        await run(inNetns(node.netns, argv), { input: text });
        this.#written.set(node.name, { inode, content });
      }),
    );
    this.#chains = wanted;
  }
}
