import type { Netns } from "../../../facts/netns.ts";
import { type Known, known, type NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";

type TableName = {
  [K in keyof Netns]: Netns[K] extends Known<readonly unknown[]> ? K : never;
}[keyof Netns];
type RowsOf<K extends TableName> = Extract<Netns[K], { known: true }>["value"];

/** A world that differs in one table of one netns. The world itself when that table is unknown or comes out the same. */
export function replaceTable<K extends TableName>(
  world: World,
  id: NetnsId,
  table: K,
  change: (rows: RowsOf<K>) => RowsOf<K>,
): World {
  const netns = world.netns.get(id);
  const rows = netns?.[table] as Known<RowsOf<K>> | undefined;
  if (netns === undefined || rows === undefined || !rows.known) return world;
  const changed = change(rows.value);
  if (changed === rows.value) return world;
  const all = new Map(world.netns);
  all.set(id, { ...netns, [table]: known(changed) });
  return { ...world, netns: all };
}

/** The rows of a table; none when the netns or the table is unknown. */
export function rowsOf<K extends TableName>(world: World, id: NetnsId, table: K): RowsOf<K> {
  const rows = world.netns.get(id)?.[table] as Known<RowsOf<K>> | undefined;
  return rows?.known ? rows.value : ([] as unknown as RowsOf<K>);
}

/** Whether a table was read at all. */
export function isKnown(world: World, id: NetnsId, table: TableName): boolean {
  return world.netns.get(id)?.[table].known === true;
}
