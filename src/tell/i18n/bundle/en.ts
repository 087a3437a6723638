/** What `lasthop snapshot` did. */
export const snapshot = {
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
  unreadable: "it cannot be read",
  "disk-full": "there is no room for it",
  unwritable: "it cannot be written",
};
