/** How a walk ends: a closed set, each with one line of documentation. */
export const DISPOSITIONS = {
  DELIVERED: "A socket (or, for ICMP echo, the kernel) of the destination takes the packet.",
  PROXIED: "A proxy accepts the connection here and starts another one.",
  UNKNOWN: "A fact that decides was not read, or is not modelled; the walk says which.",
  LEFT_CLUSTER:
    "The packet leaves, towards a router that was not collected, for an address that is inside: only the fabric knows whether it comes back.",
  FORWARDING_OFF: "The ingress interface does not forward (ip_error: conf.<if>.forwarding is 0).",
  NO_ROUTE: "No route to the destination in any table that policy rules consult.",
  BLACKHOLE_ROUTE: "The best route is a blackhole.",
  UNREACHABLE_ROUTE: "The best route is unreachable: ICMP host unreachable.",
  PROHIBIT_ROUTE: "The best route is prohibit: ICMP administratively prohibited.",
  RP_FILTER: "Reverse path filtering: the source is not reached through the ingress interface.",
  MARTIAN_SOURCE: "The source address is impossible here: loopback, multicast, or one of the node's own.",
  MARTIAN_DESTINATION: "The destination address is impossible here: loopback without route_localnet, or 0.0.0.0.",
  NETFILTER_DROP: "A netfilter rule or policy drops the packet.",
  CONNTRACK_FULL: "The conntrack table is full, and no entry gives way: a packet that opens a connection is dropped.",
  NETFILTER_REJECT: "A netfilter rule rejects the packet and says so to the sender.",
  TTL_EXCEEDED: "The TTL ran out.",
  MTU_EXCEEDED: "The packet is larger than the next link's MTU and must not be fragmented.",
  LINK_DOWN: "The egress link is down or has no carrier.",
  RECEIVER_LINK_DOWN: "The link at the other end of the wire is down.",
  NEIGHBOUR_FAILED: "The next hop's MAC address cannot be resolved.",
  WRONG_MAC: "The frame is addressed to a MAC that no link on the segment has.",
  BRIDGE_PORT_BLOCKED: "The bridge does not forward to that port: state, isolation, VLAN, or hairpin off.",
  TUNNEL_NO_REMOTE: "The tunnel device has no remote for this destination (VXLAN: no FDB entry).",
  TUNNEL_NO_DEVICE: "No tunnel device at the far end takes the packet: VNI, port, local address, or it is down.",
  NO_SUCH_HOST: "Nobody on the segment has the next hop's address.",
  PORT_CLOSED: "The destination host has no socket for it: TCP reset, ICMP port unreachable.",
  LISTEN_QUEUE_FULL: "A socket listens, and its accept queue is full: the SYN is dropped (tcp_conn_request).",
  NAT_UNDONE_ELSEWHERE:
    "The reply does not pass where the connection was translated, so its source is not what the sender awaits.",
  LOOP: "The packet passes the same places again and again, until its TTL runs out.",
  UNSUPPORTED_DESTINATION: "Broadcast or multicast: not walked.",
} as const satisfies Record<string, string>;

export type Disposition = keyof typeof DISPOSITIONS;
