/** Runs work again and again, never two at once: two `iptables-restore` of one node would race for the stale chains. */
export function inTurn(work: () => Promise<unknown>): () => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    last = last.catch(() => {}).then(work);
    return last;
  };
}
