/** A queue of what is to be tried next: cheapest first, and among equals first come first served. */
export interface Frontier<T> {
  push(item: T, cost: number): void;
  pop(): { readonly item: T; readonly cost: number } | null;
}

/** Costs are small whole numbers, so a list for each will do. */
export function makeFrontier<T>(): Frontier<T> {
  const byCost: { items: T[]; next: number }[] = [];
  return {
    push(item, cost) {
      for (let c = byCost.length; c <= cost; c++) byCost.push({ items: [], next: 0 });
      byCost[cost]?.items.push(item);
    },
    pop() {
      for (const [cost, list] of byCost.entries()) {
        const item = list.items[list.next];
        if (item === undefined) continue;
        list.next++;
        return { item, cost };
      }
      return null;
    },
  };
}
