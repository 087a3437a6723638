/** Every kind of step, and the kernel function it stands for. */
export const STEPS = {
  "tap-in": "__netif_receive_skb_core (ptype_all)",
  "tap-out": "dev_queue_xmit_nit",
  wire: "dev_hard_start_xmit",
  "bridge-forward": "br_handle_frame_finish",
  "bridge-local": "br_pass_frame_up",
  netfilter: "nf_hook_slow",
  conntrack: "nf_conntrack_in",
  nat: "nf_nat_inet_fn",
  "route-input": "ip_route_input_slow",
  "route-output": "ip_route_output_key_hash_rcu",
  "reverse-path": "fib_validate_source",
  forward: "ip_forward",
  fragment: "ip_do_fragment",
  neighbour: "neigh_resolve_output",
  arp: "arp_process",
  encapsulate: "vxlan_xmit / ipip_tunnel_xmit",
  decapsulate: "vxlan_rcv / ipip_rcv",
  "local-deliver": "ip_local_deliver",
  socket: "__inet_lookup_skb",
  send: "ip_queue_xmit",
} as const satisfies Record<string, string>;

export type StepKind = keyof typeof STEPS;
