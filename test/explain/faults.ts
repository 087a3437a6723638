import { ip, prefix } from "../../src/facts/ip.ts";
import type { Link, Route } from "../../src/facts/netns.ts";
import { type NetnsId, nodeOf } from "../../src/facts/provenance.ts";
import type { Chain, Hook, Match, Rule } from "../../src/facts/ruleset.ts";
import type { World } from "../../src/facts/world.ts";
import { replaceChain } from "../../src/think/walk/edits/chains.ts";
import { applyEdits } from "../../src/think/walk/edits/edit-kinds.ts";
import { replaceTable } from "../../src/think/walk/edits/replace-table.ts";
import { changeLink } from "../../src/think/walk/edits/set-link-up.ts";

/** Something that is otherwise than it was. */
export type Change = (world: World) => World;

export function all(...changes: readonly Change[]): Change {
  return (world) => changes.reduce((w, change) => change(w), world);
}

/** @throws Error when it changes nothing: then a test of it would prove nothing. */
export function made(world: World, change: Change): World {
  const changed = change(world);
  if (changed === world) throw new Error("the change changes nothing");
  return changed;
}

export function sysctl(netns: NetnsId, key: string, value: string): Change {
  return (world) => applyEdits(world, [{ do: "set-sysctl", netns, key, value }]);
}

export function rule(
  netns: NetnsId,
  chain: `${string}/${string}`,
  targets: Rule["targets"],
  matches: readonly Match[] = [],
  line = 100_000,
): Change {
  const [table = "", name = ""] = chain.split("/");
  const place = { backend: "iptables-nft", family: "ip", table, chain: name } as const;
  return (world) =>
    replaceChain(world, netns, place, (c) => {
      const text = `-A ${name} -m comment --comment test-${line} -j ${targets.map((t) => t.do).join(" ")}`;
      const because = { ...c.because, line };
      const added: Rule = { number: 1, matches, targets, comment: null, packets: null, text, because };
      return { ...c, rules: [added, ...c.rules.map((r) => ({ ...r, number: r.number + 1 }))] };
    });
}

/** A chain of its own, to which the first rule of another leads; all of it has one rule. */
export function chain(netns: NetnsId, from: `${string}/${string}`, name: string, targets: Rule["targets"]): Change {
  const [table = ""] = from.split("/");
  const added: Change = (world) =>
    replaceTable(world, netns, "rulesets", (rulesets) =>
      rulesets.map((ruleset) => ({
        ...ruleset,
        tables: ruleset.tables.map((t) => {
          if (ruleset.backend !== "iptables-nft" || t.family !== "ip" || t.name !== table) return t;
          const [like] = t.chains;
          if (like === undefined) throw new Error(`${table} has no chains`);
          const own: Chain = { ...like, name, hook: null, priority: null, type: null, policy: null, rules: [] };
          return { ...t, chains: [...t.chains, own] };
        }),
      })),
    );
  return all(added, rule(netns, `${table}/${name}`, targets), rule(netns, from, [{ do: "jump", chain: name }]));
}

/** A base chain in a table of its own, as an administrator's nft script makes it. */
export function nftDrop(netns: NetnsId, hook: Hook, matches: readonly Match[] = []): Change {
  return (world) =>
    replaceTable(world, netns, "rulesets", (rulesets) => {
      const because = {
        source: { node: nodeOf(netns), netns, argv: ["nft", "-j", "list", "ruleset"], at: "" },
        line: 7,
      };
      const only: Rule = {
        number: 1,
        matches,
        targets: [{ do: "DROP" }],
        comment: null,
        packets: null,
        text: "drop",
        because,
      };
      const chain: Chain = {
        name: "stop",
        hook,
        priority: -10,
        type: "filter",
        policy: "ACCEPT",
        rules: [only],
        because,
      };
      return [...rulesets, { backend: "nft", tables: [{ name: "guard", family: "inet", chains: [chain] }] }];
    });
}

export function policy(netns: NetnsId, chain: `${string}/${string}`): Change {
  const [table = "", name = ""] = chain.split("/");
  const place = { backend: "iptables-nft", family: "ip", table, chain: name } as const;
  return (world) => replaceChain(world, netns, place, (c) => ({ ...c, policy: "DROP" }));
}

export function noRoute(netns: NetnsId, dst: string): Change {
  return (world) =>
    replaceTable(world, netns, "routes", (rows) => rows.filter((r) => r.dst.text !== dst || r.table !== 254));
}

export function route(netns: NetnsId, dst: string, change: Partial<Route>): Change {
  return (world) =>
    replaceTable(world, netns, "routes", (rows) => {
      const [like] = rows;
      if (like === undefined) throw new Error(`${netns} has no routes`);
      return [
        ...rows,
        {
          ...like,
          type: "unicast",
          dst: prefix(dst),
          table: 254,
          metric: 0,
          tos: 0,
          src: null,
          nexthops: [],
          protocol: "boot",
          scope: "global",
          ...change,
        },
      ];
    });
}

export function link(netns: NetnsId, name: string, change: (link: Link) => Link): Change {
  return (world) => changeLink(world, netns, name, change);
}

export function linkDown(netns: NetnsId, name: string): Change {
  return link(netns, name, (l) => ({
    ...l,
    up: false,
    carrier: false,
    flags: l.flags.filter((f) => !f.includes("UP")),
  }));
}

export function noFdbTo(netns: NetnsId, remote: string): Change {
  return (world) => replaceTable(world, netns, "fdb", (rows) => rows.filter((r) => r.dst?.text !== remote));
}

export function wrongNeighbour(netns: NetnsId, of: string): Change {
  return (world) =>
    replaceTable(world, netns, "neighbours", (rows) =>
      rows.map((r) => (r.ip.text === ip(of).text ? { ...r, mac: "02:00:00:00:00:99", state: "PERMANENT" } : r)),
    );
}

/** @param change the entries as `ipset save` prints them */
export function setEntries(
  netns: NetnsId,
  name: string,
  change: (entries: readonly string[]) => readonly string[],
): Change {
  return (world) =>
    replaceTable(world, netns, "sets", (sets) =>
      sets.map((set) => (set.name === name ? { ...set, entries: change(set.entries) } : set)),
    );
}

/** `ipset create NAME TYPE family inet`, with entries. */
export function newSet(netns: NetnsId, name: string, type: string, entries: readonly string[]): Change {
  return (world) =>
    replaceTable(world, netns, "sets", (sets) => {
      const because = { source: { node: nodeOf(netns), netns, argv: ["ipset", "save"], at: "" }, line: 1 };
      return [...sets, { name, type, family: 4, entries, because }];
    });
}

export function portClosed(netns: NetnsId): Change {
  return (world) => replaceTable(world, netns, "sockets", (rows) => rows.filter((s) => s.state !== "LISTEN"));
}
