/**
 * An index that is built once for each immutable table and dies with it. An edited table is another
 * object, so it is indexed anew and the old index stays right for the old table.
 */
export function indexedBy<T extends object, I>(build: (table: T) => I): (table: T) => I {
  const indexes = new WeakMap<T, I>();
  return (table) => {
    const present = indexes.get(table);
    if (present !== undefined) return present;
    const built = build(table);
    indexes.set(table, built);
    return built;
  };
}

/** Groups facts by a key, keeping their order. */
export function groupBy<T, K>(facts: Iterable<T>, key: (fact: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const fact of facts) {
    const k = key(fact);
    const group = groups.get(k);
    if (group === undefined) groups.set(k, [fact]);
    else group.push(fact);
  }
  return groups;
}
