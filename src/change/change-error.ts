/** What can go wrong while a node is altered, and what helps. */
export const CHANGE_ERRORS = {
  "nothing-to-repair": "diagnose first: the verdict holds no repair that Lasthop can do",
  "not-confirmed": "diagnose again with the witness available, or --force",
  "not-proven": "the walk with this repair was not seen to deliver; --force tries it nevertheless",
  "unknown-repair": "the verdict was written by another version of Lasthop",
  "bad-params": "the verdict was altered or written by another version of Lasthop",
  "by-hand": "no safe live change exists: do it by the printed commands",
  "no-node": "name the node in --inventory",
  "no-netns": "the pod is gone or moved: diagnose again",
  "no-api": "give a kubeconfig that may patch the object",
  unreadable: "the tool is absent on the node, or may not be used there",
  "changed-since": "diagnose again",
  "already-done": "diagnose again",
  "command-failed": "see what the command said; `lasthop undo` takes back what was done",
  "read-back-differs": "something holds the value; `lasthop undo` takes back what was done",
  "journal-unwritable": "nothing was changed; the node needs a writable /var/lib/lasthop",
  "journal-not-found": "see `lasthop repairs`",
  "already-undone": "see `lasthop repairs`",
  "already-gone": "the node was rebooted since: nothing of the repair is left in its kernel",
  "not-what-we-left": "somebody changed it since; look at it, then --force",
  "not-restored": "the node differs from the before-image in the journal: see the detail",
  "persist-not-host": "a pod's namespace has no file of its own: repair its configuration instead",
  "persist-shared-file": "the node is a namespace that shares /etc/sysctl.d with its machine",
  "persist-unwritable": "the repair is in force until the next reload; write the file by hand",
} as const satisfies Record<string, string>;

export type ChangeErrorCode = keyof typeof CHANGE_ERRORS;

/** `detail` is data (a value, a command's own words), never a sentence of ours. */
export class ChangeError extends Error {
  readonly code: ChangeErrorCode;
  /** Null where no node is concerned: an API object, the verdict itself. */
  readonly node: string | null;
  readonly detail: string;
  readonly hint: string;

  constructor(code: ChangeErrorCode, node: string | null, detail: string, options?: ErrorOptions) {
    super(`${code}${node === null ? "" : ` on ${node}`}: ${detail}`, options);
    this.name = "ChangeError";
    this.code = code;
    this.node = node;
    this.detail = detail;
    this.hint = CHANGE_ERRORS[code];
  }
}
