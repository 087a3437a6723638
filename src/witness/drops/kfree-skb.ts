/** Why the kernel freed packets, by its own names. It is the whole machine's: an event has no namespace, device or address. */
export interface DropEvent {
  /** A name of enum skb_drop_reason, without its prefix. */
  readonly reason: string;
  /** The function that freed it; null where the kernel gives a bare address. */
  readonly symbol: string | null;
  /** EtherType. */
  readonly protocol: number;
  /** Of the first one, since boot. */
  readonly atNs: bigint;
  readonly count: number;
}

/** The event's fields as /sys/kernel/tracing/events/skb/kfree_skb/format lists them. */
export function hasReasonField(format: string): boolean {
  return /field:enum skb_drop_reason reason;/.test(format);
}

interface Raw {
  readonly reason: string;
  readonly symbol: string | null;
  readonly protocol: number;
  readonly atNs: bigint;
}

/** `<idle>-0 [001] ..s1. 123.456789: kfree_skb: skbaddr=… protocol=2048 location=ip_error+0x10f/0x200 reason: IP_INADDRERRORS`. */
export function parseDropLine(line: string): Raw | null {
  const match = /\s(\d{1,12})\.(\d{1,9}): kfree_skb: (.{1,512})$/.exec(line.slice(0, 1024));
  if (match === null) return null;
  const [, seconds = "", fraction = "", fields = ""] = match;
  const reason = /\breason: ?([A-Z0-9_]{1,64})/.exec(fields)?.[1];
  const protocol = /\bprotocol=(\d{1,5})\b/.exec(fields)?.[1];
  if (reason === undefined || protocol === undefined) return null;
  const symbol = /\blocation=([A-Za-z_][\w.]{0,127})\+/.exec(fields)?.[1] ?? null;
  return {
    reason,
    symbol,
    protocol: Number(protocol),
    atNs: BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0")),
  };
}

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;

/** Reasons under which packets end that were not lost: consumed, duplicates, what a closing socket still held. */
const BENIGN_REASONS = new Set([
  "CONSUMED",
  "NOT_DROPPED_YET",
  "TCP_OLD_DATA",
  "TCP_OLD_ACK",
  "TCP_CLOSE",
  "QUEUE_PURGE",
  "SOCKET_CLOSE",
  "UNIX_DISCONNECT",
]);

/** Where healthy traffic ends too: the raw socket's copy of an echo reply, sockets being torn down, unwanted multicast. */
const BENIGN_SYMBOLS = new Set([
  "ping_rcv",
  "unix_release_sock",
  "sk_stream_kill_queues",
  "skb_queue_purge_reason",
  "inet_sock_destruct",
  "ip6_mc_input",
  "icmpv6_rcv",
  "packet_rcv",
  "tpacket_rcv",
  "netlink_broadcast_filtered",
]);

/** True for an event that healthy traffic raises as well, and for what is no IP packet. */
export function isBenign(event: {
  readonly reason: string;
  readonly symbol: string | null;
  readonly protocol: number;
}): boolean {
  if (event.protocol !== ETH_P_IP && event.protocol !== ETH_P_IPV6) return true;
  return BENIGN_REASONS.has(event.reason) || (event.symbol !== null && BENIGN_SYMBOLS.has(event.symbol));
}
