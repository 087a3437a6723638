import type { Words } from "../en.ts";

/** What `lasthop snapshot` did. */
export const snapshot: Words["snapshot"] = {
  written: (p) => `${p.file}：${p.files} 份输出，${Math.ceil(p.bytes / 1024)} KiB`,
};

/** Why a bundle was not written, or not taken. */
export const bundleErrors: Words["bundleErrors"] = {
  "not-a-bundle": "它不是 bundle",
  "newer-format": "这个版本不认识它的格式",
  "bad-manifest": "它的 manifest 不成样子",
  "bad-checksum": "里面有文件和录制时不一样",
  "missing-file": "manifest 里列出的文件缺了",
  "bad-name": "里面有 bundle 不会有的文件名",
  "bad-entry": "里面有不是普通文件的东西",
  "duplicate-file": "里面同一个文件出现了两次",
  "duplicate-node": "里面的节点在另一个 bundle 里也有",
  damaged: "它读不到结尾",
  "too-large": "它太大了",
  "too-many-files": "它的文件太多了",
  "bad-object": "那里放的不是 Kubernetes 对象列表",
  unreadable: "它读不了",
  "disk-full": "没有空间放它",
  unwritable: "它写不进去",
};
