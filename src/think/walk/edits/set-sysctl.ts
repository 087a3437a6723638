import type { Sysctl } from "../../../facts/netns.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning } from "./edit-meaning.ts";
import { replaceTable } from "./replace-table.ts";
import { type ConfKey, parseConfKey, sysctlRow, withoutAlias } from "./sysctl-keys.ts";
import { proposeSysctls } from "./sysctl-proposals.ts";

type SetSysctl = EditOf<"set-sysctl">;

export const setSysctl: EditMeaning<SetSysctl> = {
  cost: 1,
  touches(edit: SetSysctl, read: Read): boolean {
    if (read.of !== "sysctl" || read.netns !== edit.netns) return false;
    if (withoutAlias(read.key) === withoutAlias(edit.key)) return true;
    const set = parseConfKey(edit.key);
    const asked = parseConfKey(read.key);
    return set !== null && asked !== null && movesWith(set, edit.value, asked) !== null;
  },
  apply(world: World, edit: SetSysctl): World {
    const present = sysctlRow(world.netns.get(edit.netns), edit.key);
    if (present === null) return world;
    const key = withoutAlias(edit.key);
    const set = parseConfKey(edit.key);
    // inet_forward_change runs only when the value changes, addrconf_fixup_forwarding whenever it is written.
    const spreads = set !== null && (set.family === "ipv6" || present.value !== edit.value);
    return replaceTable(world, edit.netns, "sysctls", (rows) => {
      let changed = false;
      const next = rows.map((row): Sysctl => {
        const asked = spreads ? parseConfKey(row.key) : null;
        const moved = asked === null || set === null ? null : movesWith(set, edit.value, asked);
        const value = withoutAlias(row.key) === key ? edit.value : (moved ?? row.value);
        if (value === row.value) return row;
        changed = true;
        return { ...row, value };
      });
      return changed ? next : rows;
    });
  },
  propose: proposeSysctls,
  object: (edit) => (withoutAlias(edit.key) === "net.ipv4.conf.all.forwarding" ? "net.ipv4.ip_forward" : edit.key),
  found: (world, edit) => sysctlRow(world.netns.get(edit.netns), edit.key)?.value ?? null,
  wanted: (edit) => edit.value,
};

/**
 * The value that `asked` takes when `set` is given a new one; null when it keeps its own. A write to `conf.default` also reaches links that have neither an IPv4 address nor a value of their own
 * (devinet_copy_dflt_conf): which those are cannot be read, so none of them moves here.
 */
function movesWith(set: ConfKey, value: string, asked: ConfKey): string | null {
  if (set.link !== "all" || set.leaf !== "forwarding" || asked.family !== set.family || asked.link === set.link) {
    // inet_forward_change: a router takes no redirects on `all`.
    const redirects = set.link === "all" && set.leaf === "forwarding" && set.family === "ipv4";
    if (redirects && asked.link === "all" && asked.leaf === "accept_redirects" && asked.family === "ipv4") {
      return value === "0" ? "1" : "0";
    }
    return null;
  }
  return asked.leaf === "forwarding" ? value : null;
}
