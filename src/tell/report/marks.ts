/** A rung's status at a glance. */
export const MARKS = { ok: "✓", failed: "✗", skipped: "·", unknown: "?" } as const;
