/** Plans, repairs, the journal. */
export const repair = {
  /** What is repaired, where the verdict was told in another language. */
  cause: (p: {
    id: string;
    place: string | null;
    object: string;
    found: string | null;
    wanted: string | null;
    isAbsent: boolean;
    isToGo: boolean;
  }) => {
    const found = p.found ?? (p.isAbsent ? "absent" : null);
    const wanted = p.wanted ?? (p.isToGo ? "absent" : null);
    const values = [found === null ? "" : `, found ${found}`, wanted === null ? "" : `, wanted ${wanted}`];
    return `${p.id}${p.place === null ? "" : ` on ${p.place}`}: ${p.object}${values.join("")}`;
  },
  api: "Kubernetes API",
  absentNow: "  (absent now)",
  now: (p: { found: string }) => `  (now ${p.found})`,
  asWanted: "  (now as it should be)",
  unreadable: (p: { why: string }) => `  (cannot be read now: ${p.why})`,
  byHand: "by hand: no safe live change exists",
  losses: (p: { node: string; what: string }) => `On ${p.node}: ${p.what}`,
  willLose: (p: { node: string; file: string; line: number; key: string; value: string; by: string }) =>
    `Will not last on ${p.node}: ${p.file}:${p.line} sets ${p.key} = ${p.value} at the next reload by ${p.by}`,
  nothingChanged: "Nothing was changed. --apply does it, reads it back, and tries the symptom again.",
  nothingUndone: "Nothing was changed. --apply takes it back.",
  done: (p: { id: string }) => `done, read back; lasthop undo ${p.id}`,
  unfinished: (p: { id: string }) => `begun and not ended: lasthop undo ${p.id} looks what there is to take back`,
  already: "done already by the step before",
  persisted: (p: { file: string }) => `written to ${p.file}`,
  takesBack: "takes back:",
  undone: (p: { runtime: string; file: string }) =>
    p.runtime === "in-force"
      ? "the file is as it was before; the value is in force now, and no file of Lasthop's sets it at the next boot"
      : `${({ gone: "a reboot had taken it back", "gone-with-pod": "it went with its pod" } as Record<string, string>)[p.runtime] ?? "as it was before"}${p.file === "restored" ? ", and the file" : ""}`,
  states: {
    applied: "applied",
    failed: "failed",
    interrupted: "interrupted",
    undone: "undone",
    expired: "expired",
  },
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
  "loses-more": "the node would lose something else by it",
  "command-failed": "a command failed",
  "read-back-differs": "read back, it is not what was written",
  "journal-unwritable": "the journal cannot be written",
  "journal-behind": "the node was changed, but its journal could not be brought up to date",
  "journal-unread": "which repair is the latest is not known: a journal could not be read",
  "journal-not-found": "no such entry in the journal",
  "already-undone": "it was taken back already",
  "already-gone": "nothing of it is left",
  "not-what-we-left": "it is not what the repair left",
  "not-restored": "it is not all as it was before",
  "persist-not-host": "only a node's own sysctls have a file",
  "persist-shared-file": "the file belongs to another machine",
  "persist-unwritable": "the file cannot be written",
};

/** What helps then. */
export const changeHints = {
  "nothing-to-repair": "diagnose first: the verdict holds no repair that Lasthop can do",
  "not-confirmed": "diagnose again with the witness available, or --force",
  "not-proven": "the walk with this repair was not seen to deliver; --force tries it nevertheless",
  "unknown-repair": "the verdict was written by another version of Lasthop",
  "bad-params": "the verdict was altered or written by another version of Lasthop",
  "by-hand": "no safe live change exists: do it by the printed commands",
  "no-node": "name the node in --inventory",
  "no-netns": "the pod is gone or moved: diagnose again",
  "no-api": "give a kubeconfig that may read the pods, and patch what is repaired",
  unreadable: "the tool is absent on the node, or may not be used there",
  "changed-since": "diagnose again",
  "already-done": "diagnose again",
  "loses-more": "do first what keeps it, or --force; `lasthop undo` brings it back",
  "command-failed": "see what the command said; `lasthop undo` takes back what was done",
  "read-back-differs": "something holds the value; `lasthop undo` takes back what was done",
  "journal-unwritable": "nothing was changed; the node needs a writable /var/lib/lasthop",
  "journal-behind":
    "make /var/lib/lasthop writable, then `lasthop undo` with the entry's id: it looks what is left to take back",
  "journal-unread": "see `lasthop repairs`, and name the one: `lasthop undo ID`",
  "journal-not-found": "see `lasthop repairs`",
  "already-undone": "see `lasthop repairs`",
  "already-gone": "the node was rebooted or the pod made anew since: nothing of the repair is left in the kernel",
  "not-what-we-left": "somebody changed it since; look at it, then --force",
  "not-restored": "the node differs from the before-image in the journal: see the detail",
  "persist-not-host": "a pod's namespace has no file of its own: repair its configuration instead",
  "persist-shared-file": "the node is a namespace that shares /etc/sysctl.d with its machine",
  "persist-unwritable": "the repair is in force until the next reload; write the file by hand",
};
