import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNetnsTransport } from "../../../read/transport/netns.ts";
import type { Transport } from "../../../read/transport/reader.ts";
import type { Repair, Verdict, VerdictCause } from "../../../verdict/verdict.ts";
import type { ChangeContext } from "../apply.ts";
import type { ApiWriter } from "../hands.ts";
import { kindOf } from "../registry.ts";

export const isRoot = process.getuid?.() === 0;

/** A namespace of this machine as a node, for tests; nothing outside of it is touched. */
export class ScratchNode {
  readonly netns: string;
  readonly stateDir = mkdtempSync(join(tmpdir(), "lhch-"));
  readonly transport: Transport;

  constructor(name: string) {
    this.netns = `lhch-${name}-${process.pid}`;
    execFileSync("ip", ["netns", "add", this.netns]);
    const access = { netns: this.netns, address: null, user: null, port: null };
    this.transport = openNetnsTransport({ file: "", nodes: new Map([["k1", access]]), here: null });
    this.sh("ip link set lo up");
  }

  /** Runs a script in the namespace; its standard output. */
  sh(script: string): string {
    const argv = ["netns", "exec", this.netns, "sh", "-euc", script];
    return execFileSync("ip", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** A veth with its other end beside it; both up, IPv6 settled at once. */
  addVeth(name: string): void {
    const peer = `${name}-p`;
    this.sh(`ip link add ${name} type veth peer name ${peer}
      for one in ${name} ${peer}; do echo 0 >/proc/sys/net/ipv6/conf/$one/accept_dad; ip link set $one up; done`);
  }

  context(more: Partial<ChangeContext> = {}): ChangeContext {
    return {
      transport: this.transport,
      api: null,
      now: () => new Date(),
      netnsPath: async () => null,
      stateDir: this.stateDir,
      ...more,
    };
  }

  /**
   * All that an undo has to bring back, as stock tools tell it: one text, so that a test compares it in one go. Not what a bridge
   * learns and forgets by itself, whenever somebody behind a port says something.
   */
  state(): string {
    const text = this.sh(`n=0
      while [ "$n" -lt 30 ] && ip -6 addr show tentative | grep -q inet6; do sleep 0.1; n=$((n + 1)); done
      sysctl -a 2>/dev/null | grep ^net | grep -vE 'nf_conntrack_count|neigh|stable_secret'
      for tool in iptables ip6tables; do for backend in nft legacy; do $tool-$backend-save 2>/dev/null; done; done
      nft -s list ruleset 2>/dev/null
      ip -o -4 route show table all; ip -o -6 route show table all | sort
      ip -4 rule; ip -6 rule
      ip neigh show nud permanent
      ip -o link | sed 's/ qdisc .*//'; ip -o addr | sed 's/ valid_lft .*//'
      bridge -d link; bridge fdb show | grep -vE '^[0-9a-f:]+ dev [^ ]+ (vlan [0-9]+ )?master [^ ]+ *$' | sort
      ipset save 2>/dev/null | sort`);
    return text.replace(/^#.*\n/gm, "").replace(/\[\d+:\d+\]/g, "");
  }

  async remove(): Promise<void> {
    await this.transport.close();
    execFileSync("ip", ["netns", "del", this.netns]);
    rmSync(this.stateDir, { recursive: true });
  }
}

/** A repair as a verdict has it. */
export function repair(id: string, params: Record<string, string>, more: Partial<Repair> = {}): Repair {
  const commands = kindOf(id)
    .bind(params)
    .commands.map((argv) => [...argv]);
  return { id, kind: "runtime", node: "k1", params, commands, proven: true, ...more };
}

export function verdictOf(repairs: Repair[], more: Partial<Verdict> = {}): Verdict {
  return {
    schema: "lasthop/verdict/v1",
    lasthop: "0",
    language: "en",
    symptom: { input: "http://192.0.2.1/", kind: "url", namespace: "default", from: "here", place: null },
    outcome: "broken",
    confidence: "confirmed",
    summary: "",
    cause: null,
    otherCauses: [],
    lastHop: null,
    voices: { predict: null, ask: null, witness: null, whatIf: null, dissent: [] },
    ladder: [],
    branches: [],
    path: [],
    evidence: [],
    affected: { pods: [], services: [] },
    repairs,
    recurrence: [],
    notChecked: [],
    offline: false,
    timeline: [],
    timings: { totalMs: 1 },
    ...more,
  };
}

export function causeOf(object: string, found: string | null): VerdictCause {
  return { id: "unnamed", node: "k1", netns: "host", object, found, wanted: null, culprit: null };
}

/** Objects in memory that take JSON patches as an API server does. */
export function memoryApi(objects: Record<string, unknown>): ApiWriter {
  const at = (path: string[], root: unknown): { parent: Record<string, unknown>; last: string } => {
    let parent = root as Record<string, unknown>;
    for (const part of path.slice(0, -1)) parent = parent[part] as Record<string, unknown>;
    return { parent, last: path.at(-1) ?? "" };
  };
  return {
    read: async ({ namespace, name }) => structuredClone(objects[`${namespace}/${name}`]),
    patch: async ({ namespace, name }, operations) => {
      const next = structuredClone(objects[`${namespace}/${name}`]);
      for (const operation of operations) {
        const { parent, last } = at(operation.path.split("/").slice(1), next);
        if (operation.op === "test") {
          if (JSON.stringify(parent[last]) !== JSON.stringify(operation.value)) throw new Error("the test failed");
        } else if (operation.op === "remove") delete parent[last];
        else parent[last] = operation.value;
      }
      objects[`${namespace}/${name}`] = next;
    },
  };
}
