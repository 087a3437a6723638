import type { NetnsId } from "../../facts/provenance.ts";
import type { Ip } from "../../facts/ip.ts";
import type { Decision } from "./route/decision.ts";

/** Where in the kernel a packet stands: what the driver of a walk does next. */
export type Stage =
  /** __ip_local_out, with the route that was found for it. `ipTtl` and headers are complete. */
  | { readonly at: "local-out"; readonly netns: NetnsId; readonly decision: Decision; readonly bound: string | null }
  /** ip_output: POSTROUTING, then the neighbour. */
  | {
      readonly at: "ip-output";
      readonly netns: NetnsId;
      readonly iif: string | null;
      readonly physIn: string | null;
      readonly decision: Decision;
    }
  /** ip_finish_output2: the next hop's MAC. */
  | {
      readonly at: "neighbour";
      readonly netns: NetnsId;
      readonly dev: string;
      readonly nextHop: Ip;
      /** Send it again through a bridge's ports, from this one (br_nf_pre_routing_finish_bridge). */
      readonly bridgedFrom: string | null;
    }
  /** dev_queue_xmit: onto a link; with an ethernet header where the link has MAC addresses. */
  | {
      readonly at: "transmit";
      readonly netns: NetnsId;
      readonly link: string;
      /** For tunnels: the next hop that the route named. */
      readonly nextHop: Ip | null;
    }
  /** __netif_receive_skb_core. */
  | { readonly at: "receive"; readonly netns: NetnsId; readonly link: string }
  /** br_handle_frame: a frame came in on a port. */
  | { readonly at: "bridge"; readonly netns: NetnsId; readonly bridge: string; readonly port: string }
  /** br_handle_frame_finish and br_dev_xmit: `from` is null for a frame of the bridge device itself. */
  | {
      readonly at: "bridge-forward";
      readonly netns: NetnsId;
      readonly bridge: string;
      readonly from: string | null;
      /** br_netfilter holds the packet: its hooks run on the way. */
      readonly filtered: boolean;
    }
  /** ip_rcv. `routed`: br_netfilter ran PREROUTING and its routing already. */
  | {
      readonly at: "ip-receive";
      readonly netns: NetnsId;
      readonly iif: string;
      readonly physIn: string | null;
      readonly prerouted: boolean;
    }
  /** ip_forward. */
  | {
      readonly at: "forward";
      readonly netns: NetnsId;
      readonly iif: string;
      readonly physIn: string | null;
      readonly decision: Decision;
    }
  /** ip_local_deliver: INPUT. */
  | { readonly at: "local-in"; readonly netns: NetnsId; readonly iif: string; readonly physIn: string | null }
  /** The INPUT hooks let it pass: a tunnel or a socket. */
  | { readonly at: "deliver"; readonly netns: NetnsId; readonly iif: string };
