import type { Sysctl } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import type { Read } from "../reads.ts";
import type { EditOf } from "./edit.ts";
import type { EditMeaning } from "./edit-meaning.ts";
import { replaceTable } from "./replace-table.ts";
import {
  type ConfKey,
  confKey,
  parseConfKey,
  purgesAdvertised,
  sparesAdvertised,
  sysctlRow,
  withoutAlias,
} from "./sysctl-keys.ts";
import { proposeSysctls } from "./sysctl-proposals.ts";

type SetSysctl = EditOf<"set-sysctl">;

export const setSysctl: EditMeaning<SetSysctl> = {
  cost: 1,
  touches(edit: SetSysctl, read: Read): boolean {
    if (read.netns !== edit.netns) return false;
    if (read.of === "route") return read.dst.family === 6 && purgesAdvertised(edit.key, edit.value);
    if (read.of !== "sysctl") return false;
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
    const routed = purgesAdvertised(edit.key, edit.value) ? withoutAdvertised(world, edit.netns) : world;
    return replaceTable(routed, edit.netns, "sysctls", (rows) => {
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

function withoutAdvertised(world: World, id: NetnsId): World {
  const netns = world.netns.get(id);
  const accepts = (dev: string) => sysctlRow(netns, confKey({ family: "ipv6", link: dev, leaf: "accept_ra" }))?.value;
  const isKept = (dev: string | null) => dev !== null && sparesAdvertised(accepts(dev));
  return replaceTable(world, id, "routes", (routes) => {
    const left = routes.filter(
      ({ dst, protocol, nexthops }) =>
        dst.family !== 6 || dst.length > 0 || protocol !== "ra" || nexthops.every(({ dev }) => isKept(dev)),
    );
    return left.length === routes.length ? routes : left;
  });
}

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
