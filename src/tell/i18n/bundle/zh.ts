import type { Words } from "../en.ts";

/** What `lasthop snapshot` does, and did. */
export const snapshot: Words["snapshot"] = {
  listening: (p) => `监听 ${p.seconds} 秒`,
  written: (p) => `${p.file}：${p.files} 份输出，${Math.ceil(p.bytes / 1024)} KiB`,
};

/** Why a bundle was not written, or not taken. */
export const bundleErrors: Words["bundleErrors"] = {
  "not-a-bundle": "它不是录制数据（bundle）",
  "newer-format": "这个版本不认识它的格式",
  "bad-manifest": "manifest 内容无效",
  "bad-checksum": "有文件与录制时不一致",
  "missing-file": "缺少 manifest 里列出的文件",
  "bad-name": "含有录制数据里不该有的文件名",
  "bad-entry": "含有普通文件以外的东西",
  "duplicate-file": "同一个文件出现了两次",
  "duplicate-node": "有节点在另一份录制数据里也有",
  damaged: "文件不完整，无法读完",
  "too-large": "文件太大",
  "too-many-files": "文件太多",
  "bad-object": "那里放的不是 Kubernetes 对象列表",
  "no-such-file": "找不到这个文件或目录",
  unreadable: "无法打开录制数据",
  "disk-full": "磁盘空间不足",
  unwritable: "无法写入",
};

/** What helps then. */
export const bundleHints: Words["bundleHints"] = {
  "not-a-bundle": "请给出 `lasthop snapshot` 写的文件，或者 docs/bundles.md 所说的目录",
  "newer-format": "它是更新版本的 Lasthop 写的：请用那个版本",
  "bad-manifest": "请重新录制；里面的内容一概没有采信",
  "bad-checksum": "它在录制之后损坏或被改过：重新复制一份，或者重新录制",
  "missing-file": "它在录制之后损坏了：重新复制一份，或者重新录制",
  "bad-name": "它不是 Lasthop 写的；录制数据之外的任何东西都不会去读写",
  "bad-entry": "录制数据里只有普通文件：没有链接，也没有设备文件",
  "duplicate-file": "它不是 Lasthop 写的；录制数据里每个文件只出现一次",
  "duplicate-node": "每个节点只给一份录制数据",
  damaged: "它不完整或已损坏：重新复制一份，或者重新录制",
  "too-large": "它比 Lasthop 写的任何录制数据都大",
  "too-many-files": "一次少录几个节点，再用多个 --bundle 合在一起",
  "bad-object": "重新录制 Kubernetes 对象：kubectl get KIND -A -o json",
  "no-such-file": "请检查路径",
  unreadable: "当前用户有权读它吗？",
  "disk-full": "没有留下残余：请腾出空间，或者换个地方",
  unwritable: "当前用户有权在那里写吗？",
};
