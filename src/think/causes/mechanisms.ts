/** How each cause of the catalogue stops a packet, and why it is easily overlooked: for whoever explains it afterwards. */
export interface Mechanism {
  readonly en: string;
  readonly zh: string;
}

/** By the id of the cause. */
export const MECHANISMS: Readonly<Record<string, Mechanism>> = {
  "ip-forward-off": {
    en: "A node is a router between its pods and all others. With the switch off the kernel refuses, in its routing decision (ip_route_input_slow), whatever is not for the node itself. What the node sends and receives itself still works, so the kubelet's probes pass, and the node stays Ready. Routes look right: the plain `ip route get` does not ask about forwarding.",
    zh: "节点就是它的 Pod 与外界之间的路由器。这个开关关闭后，内核在路由决策（ip_route_input_slow）里拒绝一切不是发给节点自己的报文。节点自己收发的报文不受影响，所以 kubelet 的探针照常通过，节点仍是 Ready。路由看上去也没有错：普通的 `ip route get` 并不检查转发。",
  },
  "per-iface-forwarding-off": {
    en: "Whether a packet may be forwarded is asked of the interface by which it came in, not of the global key. Setting net.ipv4.ip_forward writes every interface's flag once; an interface can be set otherwise afterwards, and the global key goes on saying 1.",
    zh: "报文能否被转发，问的是它进来的那个接口，而不是全局开关。写 net.ipv4.ip_forward 只是当时把每个接口的值都写一遍；之后某个接口仍可以被单独改掉，而全局的值还是 1。",
  },
  "rp-filter-strict": {
    en: "Reverse path filtering asks whether an answer to the packet's source would leave by the interface that it came in by (fib_validate_source). In strict mode a no drops it, without a word to the sender; the larger of conf.all and conf.INTERFACE counts.",
    zh: "反向路径过滤检查的是：发往报文源地址的应答，是否会从报文进来的接口出去（fib_validate_source）。严格模式下答案为否就丢包，也不通知发送方；生效的是 conf.all 与 conf.接口 两者中较大的值。",
  },
  "sysctl-wrong": {
    en: "A key below net.* decides about the packet at the step where the walk ends, and the value there differs from what the packet needs.",
    zh: "在推演结束的那一步，net.* 下的一个 sysctl 决定报文的去留，而它现在的值与报文所需的不同。",
  },
  "pod-iptables-drop": {
    en: "A pod's namespace has netfilter rules of its own. They are seen neither on the node nor in the API, and the packet is dropped after the node has delivered it correctly.",
    zh: "Pod 的 network namespace 里有自己的 netfilter 规则，在节点上和 API 里都看不到；节点已经正确送达，报文却在 Pod 里面被丢弃。",
  },
  "vxlan-udp-blocked": {
    en: "Pod packets travel between nodes inside UDP packets of the nodes. A rule that drops these drops every pod packet from other nodes, whatever is inside, while node to node traffic goes on.",
    zh: "Pod 的报文在节点之间是装在节点自己的 UDP 报文里传送的。丢弃这种 UDP 的规则会丢掉所有来自其他节点的 Pod 报文，而节点之间的其他流量照常。",
  },
  "ipip-proto4-blocked": {
    en: "Pod packets travel between nodes as IP in IP, protocol 4: neither TCP, UDP nor ICMP. A rule that lets only those pass drops all of them, while node to node traffic goes on.",
    zh: "Pod 的报文在节点之间以 IP in IP（协议号 4）传送，既不是 TCP、UDP，也不是 ICMP。只放行后三者的规则会丢掉全部 Pod 报文，而节点之间的其他流量照常。",
  },
  "forward-reject": {
    en: "The packet passed the forwarding decision, and a rule in the FORWARD hook rejects it: the sender is told by an ICMP error or a reset, and fails at once instead of waiting.",
    zh: "报文通过了转发决策，却被 FORWARD hook上的一条规则拒绝：发送方收到 ICMP 错误或 RST，会立刻失败，而不是一直等。",
  },
  "forward-drop": {
    en: "The packet passed the forwarding decision, and a rule or the policy in the FORWARD hook drops it. Only forwarded packets meet that hook: the node's own traffic, and so its probes, are well.",
    zh: "报文通过了转发决策，却被 FORWARD hook上的规则或默认策略丢弃。只有被转发的报文才经过这个 hook：节点自己的流量以及探针都正常。",
  },
  "rule-drops": {
    en: "A netfilter rule or policy on the packet's way matches it and drops, rejects or rewrites it. Nothing is logged unless a rule says so; its own packet counter is the only trace.",
    zh: "报文路上的一条 netfilter 规则或默认策略匹配到它，把它丢弃、拒绝或改写。除非规则自己要求，否则不会有日志；唯一的痕迹是该规则的计数器。",
  },
  "ipset-entry-missing": {
    en: "A rule asks a set whether an address is in it. The rule is as it should be, and the set lacks an entry, so the rule decides otherwise here than on the other nodes.",
    zh: "规则用一个集合来判断地址是否在内。规则本身没有问题，但集合缺了一个条目，因此这里的判断与其他节点不同。",
  },
  "ipset-entry-foreign": {
    en: "A rule asks a set whether an address is in it. The rule is as it should be, and the set holds an entry too many, so the rule decides otherwise here than on the other nodes.",
    zh: "规则用一个集合来判断地址是否在内。规则本身没有问题，但集合多了一个条目，因此这里的判断与其他节点不同。",
  },
  "pod-link-down": {
    en: "A pod hangs on its node by a pair of links. With one end down no frame passes, and the kernel has taken the routes by that link with it. The pod's processes run on and notice nothing.",
    zh: "Pod 通过一对 veth 挂在节点上。一端 down 之后任何帧都过不去，内核也把经过该接口的路由一并撤掉。Pod 里的进程照常运行，毫无察觉。",
  },
  "link-down": {
    en: "No frame passes a link that is down, and the kernel has taken the routes by that link with it.",
    zh: "down 的接口不收发任何帧，内核也把经过该接口的路由一并撤掉。",
  },
  "blackhole-route": {
    en: "The most specific route to the destination says to throw the packet away. The kernel does so in silence: no ICMP error, and the sender waits until it gives up.",
    zh: "到目的地的最精确路由就是要求丢弃。内核照做且不出声：没有 ICMP 错误，发送方一直等到超时。",
  },
  "unreachable-route": {
    en: "The most specific route to the destination says that it is not to be reached. The kernel drops the packet and answers with an ICMP error.",
    zh: "到目的地的最精确路由声明其不可达。内核丢弃报文，并回一个 ICMP 错误。",
  },
  "wrong-route": {
    en: "The most specific route to the destination leads to another next hop or another interface than the one behind which it is.",
    zh: "到目的地的最精确路由指向的下一跳或接口，并不通往目的地。",
  },
  "pod-no-default-route": {
    en: "A pod reaches everything beyond its own link by one default route. Without it the pod's kernel refuses what leaves, and answers to what arrived from elsewhere as well.",
    zh: "Pod 靠一条默认路由到达本网段以外的一切。没有它，Pod 的内核不仅拒绝外发报文，也无法回应从外面来的请求。",
  },
  "no-route": {
    en: "No route in the tables that the packet asks covers its destination, or only one that is less specific and leads elsewhere.",
    zh: "报文所查的路由表里没有覆盖其目的地的路由，或者只有一条更宽泛、通往别处的路由。",
  },
  "no-route-to-pod-cidr": {
    en: "Each node needs a route to the pod network of every other node; the CNI writes them. Where one is missing the packet is refused, or leaves by the default route to a router that knows nothing of pods.",
    zh: "每个节点都要有到其他各节点 Pod 网段的路由，由 CNI 写入。缺了一条，报文要么被拒绝，要么从默认路由出去，到达一个不认识 Pod 网段的路由器。",
  },
  "mtu-black-hole": {
    en: "A packet larger than the link's MTU may not be fragmented (DF), so it is dropped, and the ICMP error that would tell its sender to send less does not arrive. Handshakes are small and succeed; transfers hang.",
    zh: "大于接口 MTU 的报文因 DF 不可分片而被丢弃，而本应通知发送方缩小报文的 ICMP 错误没有送达。握手报文小，能成功；传数据时就卡住。",
  },
  "vxlan-fdb-missing": {
    en: "A VXLAN device looks up the destination's MAC address in its forwarding database to learn to which node it has to send. Without the right entry the packet is dropped before it leaves the node, or goes to another one.",
    zh: "VXLAN 设备用目的 MAC 地址查转发表（FDB），才知道该发往哪个节点。没有正确的条目，报文在离开节点之前就被丢弃，或者被发到别的节点。",
  },
  "vxlan-vtep-mac-mismatch": {
    en: "What comes out of the tunnel carries a MAC address that is not the device's own. The receiving kernel takes it for somebody else's packet and lets it be (PACKET_OTHERHOST), without an error.",
    zh: "从隧道出来的帧带着不属于该设备的 MAC 地址。接收方内核认为那是别人的报文，直接忽略（PACKET_OTHERHOST），不报错。",
  },
  "vxlan-neigh-missing": {
    en: "Nobody answers ARP inside the tunnel: the CNI writes an entry for each peer. Without it the kernel cannot address the inner frame, and the packet fails before it is encapsulated.",
    zh: "隧道里没有人应答 ARP，邻居条目由 CNI 为每个对端写好。缺了它，内核无法填写内层帧的地址，报文在封装之前就失败了。",
  },
  "vxlan-vni-mismatch": {
    en: "Both ends of a tunnel must use the same VNI and port. What arrives with another finds no device, and is dropped by the receiving node.",
    zh: "隧道两端必须使用相同的 VNI 和端口。不同的报文在接收节点上找不到对应设备，被丢弃。",
  },
  "stale-arp": {
    en: "The kernel sends to the MAC address that its neighbour entry holds. Where that is another's, or nobody's, the frame is sent and nobody takes it; an entry that is permanent never heals by itself.",
    zh: "内核按邻居条目里的 MAC 地址发送。如果那是别人的或不存在的地址，帧发出去也没有人收；permanent 条目永远不会自己恢复。",
  },
  "bridge-port-missing": {
    en: "A pod's link reaches the others by the bridge that it is a port of. Out of the bridge, the link is up and alone: nobody on the bridge hears the pod, and ARP for it is not answered.",
    zh: "Pod 的接口要接在网桥上，才能与其他 Pod 和节点相通。脱离网桥后，接口虽然是 up 的，却与谁都不连：网桥上没有人听得到这个 Pod，对它的 ARP 也无人应答。",
  },
  "pod-address-missing": {
    en: "A pod answers, and sends, by the address that it was given. Without it nobody answers to ARP for that address, and what comes in all the same is not for the pod. The last address of a link takes all routes by that link with it.",
    zh: "Pod 靠分配给它的地址收发报文。地址丢了，就没有人应答对它的 ARP，送到接口上的报文也不再属于这个 Pod。接口失去最后一个地址时，经过该接口的路由会一并消失。",
  },
  "gateway-address-missing": {
    en: "A bridge that pods hang on has an address of their subnet: they send by it to everything beyond, and the node's own route to them comes with it. Without the address, nobody answers when a pod asks for its gateway, and the node sends what is for its pods by its default route.",
    zh: "挂着 Pod 的网桥在 Pod 子网里有一个地址：Pod 凭它访问子网以外的一切，节点到这些 Pod 的路由也随它而来。地址丢了，Pod 的网关就无人应答，节点也会把发给 Pod 的报文送上默认路由。",
  },
  "node-address-missing": {
    en: "The other nodes send what is for a node's pods to the address that the API knows the node by, or that its tunnel has. Where the link has lost that address, nobody answers to ARP for it, and the node's own tunnel has no address to send from.",
    zh: "其他节点把发给某节点 Pod 的报文送到 API 里登记的节点地址，或者该节点隧道的地址。接口丢了这个地址，就没有人应答对它的 ARP，节点自己的隧道也没有源地址可用。",
  },
  "hairpin-off": {
    en: "A bridge does not send a frame back by the port that it came in by. A pod that reaches itself through its own Service needs just that: it is missing only where the Service happens to choose the pod that asks.",
    zh: "网桥默认不会把帧从进来的端口再送回去。Pod 经由自己的 Service 访问到自己时恰恰需要这样：只有 Service 恰好选中发起访问的那个 Pod 时才会失败。",
  },
  "bridge-port-blocked": {
    en: "A port of a bridge passes frames in the state forwarding alone. Two ports that are both isolated pass each other nothing. A port that neither learns who is behind it nor lets out what the bridge sends to all is deaf: nothing ever leads there.",
    zh: "网桥端口只有处于 forwarding 状态时才收发帧。两个都设了 isolated 的端口之间互不转发。一个端口如果既不学习对端的 MAC（learning off），又不放行泛洪帧（flood off），就等于聋了：没有任何帧会从它出去。",
  },
  "conntrack-stale-dnat": {
    en: "NAT is decided for the first packet of a connection and then kept. A flow that never pauses, as UDP from a fixed port, goes on to the address of then, though the rules have changed since.",
    zh: "NAT 只在连接的第一个报文时决定，之后一直沿用。从不停歇的流（例如固定端口的 UDP）会继续发往当时的地址，尽管规则早已改变。",
  },
  "conntrack-table-full": {
    en: "Every connection through a node has an entry in its conntrack table. Once there are net.netfilter.nf_conntrack_max of them, a packet that would open another is dropped (nf_conntrack_in), unless an entry gives way that was never confirmed by both sides. Connections that stand go on as if nothing were.",
    zh: "经过节点的每个连接在 conntrack 表里都占一个条目。条目数达到 net.netfilter.nf_conntrack_max 之后，要新建连接的报文会被丢弃（nf_conntrack_in），除非有尚未被双方确认的条目可以腾出来。已经建立的连接则照常，看不出异样。",
  },
  "policy-rule-diverts": {
    en: "Policy rules (`ip rule`) choose the routing table before any route is looked at. This one sends the packet to a table that does not lead to its destination.",
    zh: "策略路由规则（`ip rule`）在查路由之前先选定路由表。这一条把报文引到了一张不通往其目的地的表。",
  },
  "policy-rule-missing": {
    en: "Policy rules (`ip rule`) choose the routing table before any route is looked at. Without this one the packet is looked up in a table that does not lead to its destination.",
    zh: "策略路由规则（`ip rule`）在查路由之前先选定路由表。缺了这一条，报文就在一张不通往其目的地的表里查找。",
  },
  "rule-missing": {
    en: "On the other nodes a netfilter rule lets the packet pass or rewrites it. Here it is missing, and the packet goes on as it is.",
    zh: "在其他节点上，有一条 netfilter 规则放行或改写这种报文。这里缺少它，报文就原样继续。",
  },
  unnamed: {
    en: "The walk ends at this fact, and with it changed the packet would pass. The catalogue has no mechanism for it.",
    zh: "推演止于这一关键配置项，改变它报文即可通过。目录里没有与之对应的机制。",
  },
  "svc-selector-mismatch": {
    en: "A Service sends to the pods whose labels its selector matches. It matches none, so it has no endpoint, and kube-proxy refuses what is sent to it. The pods that are meant carry other labels.",
    zh: "Service 把流量发往标签与其 selector 匹配的 Pod。它没有匹配到任何 Pod，因此没有 Endpoint，kube-proxy 拒绝发给它的报文。本该选中的 Pod 用的是别的标签。",
  },
  "svc-no-pods": {
    en: "A Service sends to the pods whose labels its selector matches. No live pod carries these labels: their workload is scaled to none or not installed, or its pods carry others. The Service has no endpoint, and kube-proxy refuses what is sent to it.",
    zh: "Service 把流量发往标签与其 selector 匹配的 Pod。没有一个存活的 Pod 带有这些标签：对应的工作负载缩容到了 0，或者没有安装，或者它的 Pod 用的是别的标签。Service 因此没有 Endpoint，kube-proxy 拒绝发给它的报文。",
  },
  "netpol-deny": {
    en: "A pod that a NetworkPolicy selects lets pass only what some policy allows. None allows this request, and a filter stops it: what is declared and what happens agree.",
    zh: "被 NetworkPolicy 选中的 Pod 只放行某条策略允许的流量。没有一条允许这次访问，过滤规则把它拦下：声明的与发生的一致。",
  },
  "svc-targetport-wrong": {
    en: "A Service sends to the targetPort of its pods. Nothing listens there, and they listen on other ports that they declare: the packet arrives and is reset. A name that none of their ports has leaves the Service without endpoints.",
    zh: "Service 把流量发往 Pod 的 targetPort。那里没有任何进程监听，而 Pod 监听着自己声明的别的端口：报文到了，收到 RST。若写的是一个 Pod 都没有的端口名，Service 就没有 Endpoint。",
  },
  "kubeproxy-stale-endpoint": {
    en: "On every node kube-proxy writes a DNAT rule for each endpoint. A rule of this node still names an address that the Service's EndpointSlices do not list at all: what it sends there goes to nobody, or to somebody else.",
    zh: "kube-proxy 在每个节点上为每个 Endpoint 写一条 DNAT 规则。这个节点的规则仍指向一个 EndpointSlice 里早已没有的地址：发过去的报文没人收，或者落到别人手里。",
  },
  "stale-dnat": {
    en: "A DNAT rule holds an address until somebody takes the rule away. Where the pod has gone and the rule has not, connections are still led to the old address, which nobody answers for; a newer rule for the same port stands behind it and is never asked.",
    zh: "DNAT 规则里写死了目的地址，没人删就一直在。Pod 没了而规则还在，连接就仍被转到旧地址，那里已无人应答；同一端口的新规则排在它后面，永远轮不到。",
  },
  "listen-backlog-full": {
    en: "The kernel completes connections for a server and queues them until it accepts them. It accepts none, the queue is full, and the kernel drops further SYNs without an answer.",
    zh: "内核替服务进程完成连接，排进队列，等它 accept。它不再 accept，队列已满，之后的 SYN 被内核直接丢弃，没有任何应答。",
  },
  "svc-no-ready-endpoints": {
    en: "A Service sends to its ready pods, and where there is none to those that still serve while they terminate. Its pods exist and are neither, so kube-proxy refuses what is sent to it.",
    zh: "Service 只会发往就绪的 Pod；一个就绪的都没有时，才发往正在终止但仍可服务的 Pod。它的 Pod 存在，却两者都不是，于是 kube-proxy 拒绝发给它的报文。",
  },
  "svc-not-translated": {
    en: "A Service's address exists only in the rules that kube-proxy writes on each node. Where they are missing or old, or another rule comes before them, packets to it are refused or leave as if it were any other address.",
    zh: "Service 的地址只存在于 kube-proxy 在各节点上写的规则里。规则缺失、过时，或者被前面的规则绕过，发给它的报文要么被拒绝，要么像普通地址一样被发走。",
  },
  "svc-no-local-endpoint": {
    en: "Where a Service's traffic policy is Local, a node leads packets only to endpoints of its own: externalTrafficPolicy decides about what comes from outside to a node port, an external IP or a load balancer's, internalTrafficPolicy about what is sent to the ClusterIP on that node. A node that has no endpoint drops them: as it was told, and in silence.",
    zh: "Service 的流量策略为 Local 时，节点只把流量交给本节点上的 endpoint：externalTrafficPolicy 管从外部进来、访问 NodePort、externalIP 或负载均衡器地址的流量，internalTrafficPolicy 管在该节点上发往 ClusterIP 的流量。本节点没有 endpoint 就丢弃。这正是配置所要求的，而且不出声。",
  },
  "port-closed": {
    en: "The packet arrived, and no socket listens on that port and address: TCP is answered with a reset, UDP with an ICMP error.",
    zh: "报文到达了，但该地址和端口上没有 socket 在监听：TCP 收到 RST，UDP 收到 ICMP 错误。",
  },
  "duplicate-pod-ip": {
    en: "Every pod has an address of its own, which the CNI's IPAM keeps account of. Here it is in two places. Two pods have it, and each node sends what is for it where its own routes or neighbours lead: to the one from here, to the other from there. Or a node has it by a link or a local route, and takes what is sent to it for its own, wherever the pod runs.",
    zh: "每个 Pod 的地址都是独有的，由 CNI 的 IPAM 记账。现在这个地址有两处在用。或是两个 Pod 地址相同，各节点按自己的路由或邻居表转发：从这里到的是这一个，从那里到的是另一个。或是某个节点的网卡或本地路由带上了它，不管 Pod 在哪里，发往该地址的报文都被这个节点自己收下。",
  },
  "duplicate-vtep-address": {
    en: "Each end of a tunnel needs an address that is nobody else's. What a node sends to an address that it has itself, the tunnel's device hands back: it is routed into the tunnel again, and goes round until its TTL is used up. What comes to a node by a wire from an address of its own is a martian, and dropped.",
    zh: "隧道两端的地址都必须是独一无二的。节点往自己也有的地址发送时，隧道设备会把报文原样交回来，再次路由进隧道，一直转到 TTL 耗尽；节点从网线上收到源地址是自己的报文，则当作 martian 丢弃。",
  },
  "duplicate-vtep-mac": {
    en: "A VXLAN device drops a frame whose source is its own MAC address: it must have sent that itself. Where two nodes' devices have one address, neither takes anything from the other, and the others know only one of them by it.",
    zh: "VXLAN 设备收到源 MAC 与自己相同的帧会直接丢弃：那只可能是自己发出去的。两个节点的设备 MAC 相同时，彼此的报文都收不到；其他节点按这个 MAC 也只认得其中一个。",
  },
  "fabric-drop": {
    en: "The packet left one node's interface and never reached the other's, and both were listened to all the time. What lies between them belongs to neither node.",
    zh: "报文离开了一个节点的接口，却从未到达另一个节点的接口，而两端全程都在抓包。中间的网络不属于任何一个节点。",
  },
  "node-down": {
    en: "A machine without power, or without a cable, answers nobody. Its pods are gone with it, and for as long as the control plane waits for its heartbeat (40 seconds by default) it is still called Ready and its pods stay endpoints.",
    zh: "断电或断网的机器对谁都没有应答，其上的 Pod 也随之消失。而在控制面等待其心跳的这段时间里（默认 40 秒），它仍显示 Ready，其上的 Pod 仍是 Endpoint。",
  },
};
