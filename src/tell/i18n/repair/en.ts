/** Plans, repairs, the journal. */
export const repair = {
  api: "Kubernetes API",
  absentNow: "  (absent now)",
  now: (p: { found: string }) => `  (now ${p.found})`,
  asWanted: "  (now as it should be)",
  unreadable: (p: { why: string }) => `  (cannot be read now: ${p.why})`,
  byHand: "by hand: no safe live change exists",
  willLose: (p: { node: string; file: string; line: number; key: string; value: string; by: string }) =>
    `Will not last on ${p.node}: ${p.file}:${p.line} sets ${p.key} = ${p.value} at the next reload by ${p.by}`,
  nothingChanged: "Nothing was changed. --apply does it, reads it back, and tries the symptom again.",
  nothingUndone: "Nothing was changed. --apply takes it back.",
  done: (p: { id: string }) => `done, read back; lasthop undo ${p.id}`,
  already: "done already by the step before",
  persisted: (p: { file: string }) => `written to ${p.file}`,
  takesBack: "takes back:",
  undone: (p: { runtime: string; file: string }) =>
    `${p.runtime === "gone" ? "a reboot had taken it back" : "as it was before"}${p.file === "restored" ? ", and the file" : ""}`,
  noRepairs: "Nothing was repaired here.",
};

/** What went wrong while a node was altered. */
export const changeErrors = {
  "nothing-to-repair": "there is nothing to repair",
  "not-confirmed": "the cause is not confirmed",
  "not-proven": "it is not proven that this repair delivers",
  "unknown-repair": "no such repair",
  "bad-params": "the repair's parameters do not fit",
  "by-hand": "this cannot be changed safely while it runs",
  "no-node": "the node cannot be reached",
  "no-netns": "the pod's network namespace is gone",
  "no-api": "the Kubernetes API is needed and not to be had",
  unreadable: "what is to be changed cannot be read",
  "changed-since": "it is no longer what the diagnosis found",
  "already-done": "it is already as it should be",
  "command-failed": "a command failed",
  "read-back-differs": "read back, it is not what was written",
  "journal-unwritable": "the journal cannot be written",
  "journal-not-found": "no such entry in the journal",
  "already-undone": "it was taken back already",
  "already-gone": "nothing of it is left",
  "not-what-we-left": "it is not what the repair left",
  "not-restored": "it is not all as it was before",
  "persist-not-host": "only a node's own sysctls have a file",
  "persist-shared-file": "the file belongs to another machine",
  "persist-unwritable": "the file cannot be written",
};
