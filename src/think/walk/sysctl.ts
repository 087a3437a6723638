import { confKey, sysctlNamed } from "../../facts/lookup/sysctls.ts";
import type { Netns, Sysctl } from "../../facts/netns.ts";
import type { Read } from "./reads.ts";

/** A kernel setting as the walk found it; `value` null when it was not read. */
export interface Setting {
  readonly key: string;
  readonly value: number | null;
  readonly fact: Sysctl | null;
  readonly read: Read;
}

/** Asks for one key. `absent` is its value where the key does not exist although all were read (no such module). */
export function askSysctl(netns: Netns, key: string, ask: (read: Read) => void, absent: number | null = null): Setting {
  const read: Read = { of: "sysctl", netns: netns.id, key };
  ask(read);
  if (!netns.sysctls.known) return { key, value: null, fact: null, read };
  const fact = sysctlNamed(netns.sysctls.value, key);
  if (fact === null) return { key, value: absent, fact: null, read };
  const value = Number.parseInt(fact.value, 10);
  return { key, value: Number.isNaN(value) ? null : value, fact, read };
}

/** IN_DEV_ORCONF and IN_DEV_MAXCONF: the setting of `all` and of the interface count together. */
export function askBoth(
  netns: Netns,
  family: 4 | 6,
  link: string,
  name: string,
  ask: (read: Read) => void,
): { readonly all: Setting; readonly own: Setting; readonly max: number | null } {
  const all = askSysctl(netns, confKey(family, "all", name), ask);
  const own = askSysctl(netns, confKey(family, link, name), ask);
  const max = all.value === null || own.value === null ? null : Math.max(all.value, own.value);
  return { all, own, max };
}

export function settingText(setting: Setting): string {
  return `${setting.key} = ${setting.value ?? "?"}`;
}
