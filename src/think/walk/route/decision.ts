import type { Ip } from "../../../facts/ip.ts";
import type { Nexthop, Route } from "../../../facts/netns.ts";

/** What a routing decision hands to the stages after it (struct rtable). */
export interface Decision {
  readonly route: Route;
  readonly nexthop: Nexthop | null;
  /** The link it leaves through; `lo` for the netns's own addresses. */
  readonly dev: string;
  /** The gateway, else the destination itself; null for local delivery. */
  readonly nextHop: Ip | null;
  readonly local: boolean;
}

/** One flow key, as fib_lookup takes it (struct flowi4). */
export interface RouteKey {
  readonly dst: Ip;
  /** Null stands for 0.0.0.0: not chosen yet. */
  readonly src: Ip | null;
  /** `lo` for locally generated packets. */
  readonly iif: string;
  readonly oif: string | null;
  readonly mark: number;
  readonly protocol: number;
  readonly sport: number | null;
  readonly dport: number | null;
}
