import type { UnlistedFault } from "./unlisted-fault.ts";
import { LINK_FAULTS } from "./unlisted-links.ts";
import { NAT_FAULTS } from "./unlisted-nat.ts";
import { NETFILTER_FAULTS } from "./unlisted-netfilter.ts";
import { POD_FAULTS } from "./unlisted-pods.ts";
import { ROUTE_FAULTS } from "./unlisted-routes.ts";
import { TUNNEL_FAULTS } from "./unlisted-tunnels.ts";

export const UNLISTED_FAULTS: readonly UnlistedFault[] = [
  ...NETFILTER_FAULTS,
  ...ROUTE_FAULTS,
  ...TUNNEL_FAULTS,
  ...LINK_FAULTS,
  ...NAT_FAULTS,
  ...POD_FAULTS,
];
