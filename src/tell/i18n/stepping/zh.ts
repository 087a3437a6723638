import type { SteppingPhrases } from "../../../facts/phrases/stepping.ts";
import type { PhraseWords } from "../phrases.ts";
import type { walkWords as english } from "./en.ts";

/** Steps of a walk that rest on no line of a tool. */
export const stepping: PhraseWords<SteppingPhrases> = {
  "no-route": () => "没有路由",
  "no-route-to": (p) => `没有到 ${p.address} 的路由`,
  "own-address": (p) => `${p.address} 是 ${p.netns} 自己的地址`,
  "checked-by": (p) => `${p.settings}；${p.route}`,
  flooded: (p) => `${p.mac} 泛洪`,
  "other-mac": (p) => `目的 MAC 是 ${p.dst}，本机是 ${p.mac}`,
  "answer-lost": (p) => `${p.address} is-at ${p.mac ?? "?"}：应答丢在 ${p.at}`,
  "routed-to": (p) => `经路由到 ${p.netns} 的 ${p.link}`,
  "no-remote": () => "隧道没有对端（remote）",
  "no-tunnel-device": () => "没有接收它的隧道设备",
  "no-fdb-entry": (p) => `FDB 里没有 ${p.mac}`,
  "nobody-listens": (p) => `没有 socket 监听 ${p.protocol} ${p.address}:${p.port}`,
};

/** What stands around the steps. */
export const walkWords: typeof english = {
  branch: (p) => `分支 ${p.number}/${p.of}`,
  chance: (p) => `概率 ${p.chance}`,
  legs: { request: "请求", reply: "应答" },
  dispositions: {
    DELIVERED: "目的地的 socket（ICMP echo 则是内核）收下了报文。",
    PROXIED: "代理在这里接受连接，再另起一条连接。",
    UNKNOWN: "起决定作用的数据没有读到，或者没有建模；是哪一个，推演会说明。",
    LEFT_CLUSTER: "报文去往一个集群内的地址，却发给了没有采集的路由器：它回不回得来，只有底层网络知道。",
    FORWARDING_OFF: "入接口不转发（ip_error：conf.<if>.forwarding 为 0）。",
    NO_ROUTE: "策略路由规则查到的各张表里，都没有到目的地的路由。",
    BLACKHOLE_ROUTE: "最佳路由是 blackhole。",
    UNREACHABLE_ROUTE: "最佳路由是 unreachable：回 ICMP host unreachable。",
    PROHIBIT_ROUTE: "最佳路由是 prohibit：回 ICMP administratively prohibited。",
    RP_FILTER: "反向路径过滤：到源地址的路由不走入接口。",
    MARTIAN_SOURCE: "源地址在这里不可能出现：环回、组播，或者节点自己的地址。",
    MARTIAN_DESTINATION: "目的地址在这里不可能出现：没有 route_localnet 的环回地址，或者 0.0.0.0。",
    NETFILTER_DROP: "一条 netfilter 规则或链的默认策略丢弃了报文。",
    CONNTRACK_FULL: "conntrack 表已满，又没有可以腾出的条目：要新建连接的报文被丢弃。",
    NETFILTER_REJECT: "一条 netfilter 规则拒绝了报文，并告知发送方。",
    TTL_EXCEEDED: "TTL 耗尽。",
    MTU_EXCEEDED: "报文大于出接口的 MTU，又不允许分片。",
    LINK_DOWN: "出接口处于 down 状态，或者没有载波。",
    RECEIVER_LINK_DOWN: "线路对端的接口处于 down 状态。",
    NEIGHBOUR_FAILED: "解析不到下一跳的 MAC 地址。",
    WRONG_MAC: "帧的目的 MAC 不属于这个网段上的任何接口。",
    BRIDGE_PORT_BLOCKED: "网桥不向该端口转发：端口状态、隔离、VLAN，或者 hairpin 关闭。",
    TUNNEL_NO_REMOTE: "隧道设备没有去往该目的地的对端（VXLAN：没有 FDB 条目）。",
    TUNNEL_NO_DEVICE: "对端没有隧道设备接收它：VNI、端口、本地地址不符，或者设备 down。",
    NO_SUCH_HOST: "网段上没有谁持有下一跳的地址。",
    PORT_CLOSED: "目的主机上没有对应的 socket：回 TCP reset 或 ICMP port unreachable。",
    LISTEN_QUEUE_FULL: "有 socket 在监听，但 accept 队列已满：SYN 被丢弃（tcp_conn_request）。",
    NAT_UNDONE_ELSEWHERE: "应答没有经过当初做地址转换的地方，源地址因此不是发送方等待的那个。",
    LOOP: "报文反复经过同样的地方，直到 TTL 耗尽。",
    UNSUPPORTED_DESTINATION: "广播或组播：不做推演。",
  },
};
