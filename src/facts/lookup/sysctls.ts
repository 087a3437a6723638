import type { Sysctl, Table } from "../netns.ts";
import { indexedBy } from "./table-index.ts";

const byKey = indexedBy((sysctls: Table<Sysctl>) => new Map(sysctls.map((s) => [s.key, s])));

export function sysctlNamed(sysctls: Table<Sysctl>, key: string): Sysctl | null {
  return byKey(sysctls).get(key) ?? null;
}

/** `net.ipv4.conf.flannel/1.forwarding`: procps writes a dot inside an interface's name as a slash. */
export function confKey(family: 4 | 6, link: string, name: string): string {
  return `net.ipv${family}.conf.${link.replaceAll(".", "/")}.${name}`;
}
