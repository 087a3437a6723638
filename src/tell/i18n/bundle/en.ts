/** What `lasthop snapshot` does, and did. */
export const snapshot = {
  listening: (p: { seconds: number }) => `listening for ${p.seconds} s`,
  written: (p: { file: string; files: number; bytes: number }) =>
    `${p.file}: ${p.files} outputs, ${Math.ceil(p.bytes / 1024)} KiB`,
};

/** Why a bundle was not written, or not taken. */
export const bundleErrors = {
  "not-a-bundle": "it is no bundle",
  "newer-format": "its format is not known to this version",
  "bad-manifest": "its manifest is not what a manifest is",
  "bad-checksum": "a file in it is not as it was recorded",
  "missing-file": "a file of its manifest is missing",
  "bad-name": "it holds a name that no file of a bundle has",
  "bad-entry": "it holds something else than files",
  "duplicate-file": "it holds a file twice",
  "duplicate-node": "it holds a node that another bundle holds as well",
  damaged: "it cannot be read to its end",
  "too-large": "it is too large",
  "too-many-files": "it has too many files",
  "bad-object": "it holds no list of Kubernetes objects there",
  "no-such-file": "there is no such file or directory",
  unreadable: "cannot open the bundle",
  "disk-full": "there is no room for it",
  unwritable: "it cannot be written",
};

/** What helps then. */
export const bundleHints = {
  "not-a-bundle": "give what `lasthop snapshot` wrote, or a directory as docs/bundles.md describes it",
  "newer-format": "it was written by a later version of Lasthop: use that one",
  "bad-manifest": "record it anew; nothing of it was believed",
  "bad-checksum": "it was damaged or edited since it was recorded: copy or record it anew",
  "missing-file": "it was damaged since it was recorded: copy or record it anew",
  "bad-name": "it was not written by Lasthop; nothing outside of a bundle is read or written",
  "bad-entry": "a bundle holds regular files alone: no links, no devices",
  "duplicate-file": "it was not written by Lasthop; each file stands once in a bundle",
  "duplicate-node": "give one bundle of each node",
  damaged: "it is cut short or damaged: copy or record it anew",
  "too-large": "it is larger than any bundle that Lasthop writes",
  "too-many-files": "record fewer nodes at once, and join their bundles by giving --bundle several times",
  "bad-object": "record the Kubernetes objects anew: kubectl get KIND -A -o json",
  "no-such-file": "check the path",
  unreadable: "may it be read by this user?",
  "disk-full": "nothing is left of it: make room, or choose another place",
  unwritable: "may this user write there?",
};
