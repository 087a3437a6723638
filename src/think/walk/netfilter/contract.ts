import type { Ip } from "../../../facts/ip.ts";
import type { Netns, Tuple } from "../../../facts/netns.ts";
import type { Phrase } from "../../../facts/phrase.ts";
import type { Provenance } from "../../../facts/provenance.ts";
import type { Backend, Hook } from "../../../facts/ruleset.ts";
import type { Packet } from "../packet.ts";
import type { Read } from "../reads.ts";

/** What a hook is told about a packet. Device names are null where the hook has none. */
export interface HookContext {
  readonly netns: Netns;
  readonly hook: Hook;
  readonly packet: Packet;
  readonly iif: string | null;
  readonly oif: string | null;
  /** The bridge ports, when br_netfilter hands bridged frames to these hooks. */
  readonly physIn: string | null;
  readonly physOut: string | null;
  /** The netns's conntrack entry of this packet, if it has one already. */
  readonly connection: Connection | null;
  /** The packet is of a TCP connection whose handshake this netns saw one way only. */
  readonly isHalfSeen?: boolean;
  /** Records a question; the engine calls it for every rule, set, sysctl and address that it consults. */
  readonly ask: (read: Read) => void;
  /** RTN_* type of an address in this netns (fib_type / addrtype), optionally limited to a link. */
  readonly addressType: (
    ip: Ip,
    link: string | null,
  ) => "LOCAL" | "BROADCAST" | "MULTICAST" | "UNICAST" | "BLACKHOLE" | "UNREACHABLE" | "PROHIBIT" | "UNKNOWN";
  /**
   * The source address that MASQUERADE takes on `oif`: inet_select_addr(oif, the route's gateway or else `dst`,
   * RT_SCOPE_UNIVERSE), which is not the route's `src`. Null when it is not known.
   */
  readonly masqueradeSource: (oif: string, dst: Ip) => Ip | null;
  /** -m rpfilter: does the reverse route pass? Null when not known. */
  readonly reversePathOk: (options: {
    readonly loose: boolean;
    readonly validMark: boolean;
    readonly acceptLocal: boolean;
  }) => boolean | null;
}

/** A tracked connection of one netns during one walk: its tuples are the NAT. */
export interface Connection {
  readonly protocol: number;
  readonly original: Tuple;
  /** The tuple that the reply has on the wire when it comes back. */
  readonly reply: Tuple;
  readonly mark: number;
  /** A reply was seen (IPS_SEEN_REPLY): from then on packets of the original direction are ESTABLISHED too. */
  readonly replied: boolean;
  /** Read from the node's table rather than made by this walk. */
  readonly preexisting: boolean;
  /** This packet travels in the reply direction. */
  readonly direction: "ORIGINAL" | "REPLY";
  /** nat chains were run for it at this manipulation already (IPS_DST_NAT_DONE, IPS_SRC_NAT_DONE). */
  readonly dnatDone: boolean;
  readonly snatDone: boolean;
}

/** Which rule or policy of which chain; `number` 0 is the policy. */
export interface RulePlace {
  readonly backend: Backend;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly number: number;
  readonly text: string;
  readonly because: Provenance;
}

export type HookVerdict =
  | { readonly do: "accept" }
  | { readonly do: "drop"; readonly by: RulePlace }
  | { readonly do: "reject"; readonly by: RulePlace; readonly with: string }
  | { readonly do: "unknown"; readonly by: RulePlace | null; readonly why: Phrase };

/** One way through a hook: chance (`statistic`) makes several. */
export interface HookOutcome {
  readonly weight: number | null;
  readonly verdict: HookVerdict;
  /** Mark and, after DNAT or SNAT, addresses and ports as the packet leaves the hook. */
  readonly packet: Packet;
  readonly connection: Connection | null;
  /** The rules that acted on it, in order: marks, NAT, the accepting rule; for the steps that a walk prints. */
  readonly acted: readonly RulePlace[];
}
