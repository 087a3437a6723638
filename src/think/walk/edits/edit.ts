import type { Ip } from "../../../facts/ip.ts";
import type { Address, FdbEntry, Neighbour, PolicyRule, Route } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { Backend, Rule } from "../../../facts/ruleset.ts";

/** What a bridge may hold against a port, by the words of `bridge link set`. */
export type PortAttribute = "hairpin" | "isolated" | "learning" | "state";

/** One change of one fact: what a repair would do, or what `--set` supposes. */
export type Edit =
  | { readonly do: "set-sysctl"; readonly netns: NetnsId; readonly key: string; readonly value: string }
  /** As `ip route replace`: a route with the same destination, table, TOS and metric gives way. */
  | { readonly do: "add-route"; readonly netns: NetnsId; readonly route: Route }
  | { readonly do: "remove-route"; readonly netns: NetnsId; readonly route: Route }
  | { readonly do: "add-policy-rule"; readonly netns: NetnsId; readonly rule: PolicyRule }
  | { readonly do: "remove-policy-rule"; readonly netns: NetnsId; readonly rule: PolicyRule }
  | {
      readonly do: "remove-rule";
      readonly netns: NetnsId;
      readonly backend: Backend;
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      readonly number: number;
      /** The rule as the tool prints it. */
      readonly text: string;
    }
  | {
      readonly do: "add-rule";
      readonly netns: NetnsId;
      readonly backend: Backend;
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      /** Inserted before the rule that has this number now; one more than the last: appended. */
      readonly number: number;
      /** That rule as the tool prints it: numbers move when others write. Null: appended. */
      readonly before: string | null;
      /** A healthy peer's. */
      readonly rule: Rule;
      /** Rules that come before it there, and narrow what it sees, are missing here too. */
      readonly isAlone: boolean;
    }
  | {
      readonly do: "set-policy";
      readonly netns: NetnsId;
      readonly backend: Backend;
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      readonly policy: "ACCEPT";
    }
  /** A link that is up gets its connected route with it. */
  | { readonly do: "add-address"; readonly netns: NetnsId; readonly link: string; readonly address: Address }
  | { readonly do: "set-link-up"; readonly netns: NetnsId; readonly link: string }
  | { readonly do: "set-link-mtu"; readonly netns: NetnsId; readonly link: string; readonly mtu: number }
  | { readonly do: "set-neighbour"; readonly netns: NetnsId; readonly neighbour: Neighbour }
  | { readonly do: "remove-neighbour"; readonly netns: NetnsId; readonly dev: string; readonly ip: Ip }
  | { readonly do: "set-fdb"; readonly netns: NetnsId; readonly entry: FdbEntry }
  | {
      readonly do: "set-ipset-entry";
      readonly netns: NetnsId;
      /** An ipset, or a named set of native nft (`FAMILY TABLE NAME`). */
      readonly set: string;
      /** Without its timeout, counters and comment. */
      readonly entry: string;
      /** Add it, or take it out. */
      readonly present: boolean;
    }
  | {
      readonly do: "set-bridge-port";
      readonly netns: NetnsId;
      readonly link: string;
      readonly attribute: PortAttribute;
      /** `on` or `off`; of `state` its name, `forwarding`. */
      readonly value: string;
    }
  | {
      readonly do: "set-master";
      readonly netns: NetnsId;
      readonly link: string;
      /** The bridge that it becomes a port of. */
      readonly master: string;
      /** As the bridge's other ports have it. */
      readonly hairpin: boolean;
    }
  | {
      readonly do: "set-vxlan";
      readonly netns: NetnsId;
      readonly link: string;
      readonly vni: number;
      readonly dstPort: number;
    }
  /** `original` is the entry's first tuple as conntrack prints it: `tcp src=A dst=B sport=C dport=D`. */
  | { readonly do: "delete-conntrack"; readonly netns: NetnsId; readonly original: string };

export type EditKind = Edit["do"];
export type EditOf<N extends EditKind> = Extract<Edit, { readonly do: N }>;
