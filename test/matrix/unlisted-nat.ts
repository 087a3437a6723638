import { serviceOf } from "../../src/lab/plan.ts";
import { on, only, type Scene, type UnlistedFault } from "./unlisted-fault.ts";

interface RuleAtHead {
  readonly id: string;
  readonly cni: "flannel" | "calico";
  readonly side: "near" | "far";
  /** TABLE/CHAIN */
  readonly of: string;
  readonly rule: (scene: Scene) => string;
  readonly cause: "forward-drop" | "forward-reject" | "rule-drops" | "stale-dnat";
}

/** A rule that somebody has put at the head of a chain, before all others. */
function atHead({ id, cni, side, of, rule, cause }: RuleAtHead): UnlistedFault {
  const [table, chain] = of.split("/");
  return {
    id,
    cni,
    inject: (scene) => [on(scene[side].netns, `iptables-nft -t ${table} -I ${chain} ${rule(scene)}`)],
    revert: (scene) => [on(scene[side].netns, `iptables-nft -t ${table} -D ${chain} 1`)],
    truths: (scene) => only(`${cause} ${scene[side].name} rule iptables-nft:${of}#1`),
  };
}

const toService = ({ plan }: Scene): string => `-p tcp -d ${serviceOf(plan, "backend").clusterIp} --dport 80`;
const toBackend = ({ backend }: Scene): string => `-p tcp -d ${backend.address} --dport 8080`;

/** Rules that send elsewhere, and rules that take some packets and others not. */
export const NAT_FAULTS: readonly UnlistedFault[] = [
  atHead({
    id: "the Service is redirected to a port of the node's own",
    cni: "calico",
    side: "near",
    of: "nat/PREROUTING",
    cause: "rule-drops",
    rule: (scene) => `${toService(scene)} -j REDIRECT --to-ports 9`,
  }),
  atHead({
    id: "the Service is translated to an address that nobody has",
    cni: "flannel",
    side: "near",
    of: "nat/PREROUTING",
    cause: "stale-dnat",
    rule: (scene) => `${toService(scene)} -j DNAT --to-destination 10.42.1.77:8080`,
  }),
  atHead({
    id: "the Service is let pass before kube-proxy's rules",
    cni: "calico",
    side: "near",
    of: "nat/PREROUTING",
    cause: "rule-drops",
    rule: (scene) => `${toService(scene)} -j ACCEPT`,
  }),
  atHead({
    id: "the tunnel's packets get a source address that no peer has",
    cni: "calico",
    side: "near",
    of: "nat/POSTROUTING",
    cause: "rule-drops",
    rule: () => "-p udp --dport 4789 -j SNAT --to-source 192.168.6.77",
  }),
  atHead({
    id: "an inspector's queue that nobody reads",
    cni: "calico",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `${toBackend(scene)} -j NFQUEUE --queue-num 7`,
  }),
  atHead({
    id: "half of what goes to the backend is dropped by chance",
    cni: "flannel",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `${toBackend(scene)} -m statistic --mode random --probability 0.5 -j DROP`,
  }),
  atHead({
    id: "no connection at a time is allowed",
    cni: "calico",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `${toBackend(scene)} --syn -m connlimit --connlimit-above 0 -j REJECT`,
  }),
  atHead({
    id: "packets as short as a handshake's are dropped",
    cni: "flannel",
    side: "near",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: ({ gateway }) => `-p tcp -s ${gateway.address} -m length --length 40:70 -j DROP`,
  }),
  atHead({
    id: "a word of the request is dropped",
    cni: "flannel",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `${toBackend(scene)} -m string --string GET --algo bm -j DROP`,
  }),
  atHead({
    id: "all but the first packets of a connection are dropped",
    cni: "calico",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) =>
      `${toBackend(scene)} -m connbytes --connbytes 3: --connbytes-dir original --connbytes-mode packets -j DROP`,
  }),
  atHead({
    id: "what carries data is dropped",
    cni: "calico",
    side: "near",
    of: "mangle/FORWARD",
    cause: "rule-drops",
    rule: ({ gateway }) => `-p tcp -s ${gateway.address} --tcp-flags PSH PSH -j DROP`,
  }),
  atHead({
    id: "new connections are limited to a rate",
    cni: "calico",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) =>
      `-p tcp -d ${scene.backend.address} -m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-name few -j DROP`,
  }),
  atHead({
    id: "all times of the day are forbidden",
    cni: "flannel",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `-p tcp -d ${scene.backend.address} -m time --timestart 00:00 --timestop 23:59:59 -j DROP`,
  }),
  atHead({
    id: "a number in the header is forbidden",
    cni: "calico",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `-p tcp -d ${scene.backend.address} -m u32 --u32 6&0xFF=6 -j DROP`,
  }),
  atHead({
    id: "what has come a way already is refused",
    cni: "flannel",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-reject",
    rule: (scene) => `-p tcp -d ${scene.backend.address} -m ttl --ttl-lt 64 -j REJECT`,
  }),
  atHead({
    id: "new connections are dropped",
    cni: "calico",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `-p tcp -d ${scene.backend.address} -m conntrack --ctstate NEW -j DROP`,
  }),
  atHead({
    id: "every kind of sender is dropped",
    cni: "flannel",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `-p tcp -d ${scene.backend.address} -m addrtype --src-type UNICAST -j DROP`,
  }),
  atHead({
    id: "a range of addresses is dropped",
    cni: "calico",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `-p tcp -d ${scene.backend.address} -m iprange --dst-range 10.0.0.0-10.255.255.255 -j DROP`,
  }),
  atHead({
    id: "all ports but two are dropped",
    cni: "flannel",
    side: "far",
    of: "filter/FORWARD",
    cause: "forward-drop",
    rule: (scene) => `-p tcp -d ${scene.backend.address} -m multiport ! --dports 22,53 -j DROP`,
  }),
];
