import type { Plan, PlannedNode, PlannedPod } from "../plan.ts";
import { overlayLink, vxlanPort } from "../wiring/overlay.ts";
import { type CniRules, chain } from "./restore-text.ts";

/** Felix's marks, taken from its default mask 0xffff0000: accept, pass, scratch 0, scratch 1, endpoint. */
const ACCEPTED = "0x10000/0x10000";
const FROM_WORKLOAD = "0x40000/0x40000";

/** Felix's static chains and one pair of chains a pod, with the profile that allows all; see fixtures/ipip-healthy. */
export function calicoRules(plan: Plan, node: PlannedNode): CniRules {
  const pods = plan.pods.filter((pod) => pod.node === node.name);
  const namespaces = [...new Set(pods.map((pod) => pod.namespace))];
  const tunnel = tunnelRules(plan);
  return {
    tables: {
      mangle: [
        ...[":KUBE-IPTABLES-HINT - [0:0]", ":KUBE-KUBELET-CANARY - [0:0]", ":KUBE-PROXY-CANARY - [0:0]"],
        chain("cali-PREROUTING"),
        '-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING',
        "-A cali-PREROUTING -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        `-A cali-PREROUTING -m mark --mark ${ACCEPTED} -j ACCEPT`,
      ],
      raw: [
        ...["cali-OUTPUT", "cali-PREROUTING"].map(chain),
        '-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING',
        '-A OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT',
        "-A cali-OUTPUT -j MARK --set-xmark 0x0/0xf0000",
        `-A cali-OUTPUT -m mark --mark ${ACCEPTED} -j ACCEPT`,
        "-A cali-PREROUTING -j MARK --set-xmark 0x0/0xf0000",
        `-A cali-PREROUTING -i cali+ -j MARK --set-xmark ${FROM_WORKLOAD}`,
        `-A cali-PREROUTING -m mark --mark ${FROM_WORKLOAD} -m rpfilter --validmark --invert -j DROP`,
        `-A cali-PREROUTING -m mark --mark ${ACCEPTED} -j ACCEPT`,
      ],
    },
    filter: {
      chains: [
        ...["cali-FORWARD", "cali-INPUT", "cali-OUTPUT", "cali-cidr-block", "cali-from-hep-forward"],
        ...["cali-from-host-endpoint", "cali-from-wl-dispatch", "cali-to-hep-forward", "cali-to-wl-dispatch"],
        "cali-wl-to-host",
        ...namespaces.flatMap((name) => [`cali-pri-kns.${name}`, `cali-pro-kns.${name}`]),
        ...pods.flatMap((pod) => [`cali-fw-${pod.hostLink}`, `cali-tw-${pod.hostLink}`]),
      ],
      input: ['-A INPUT -m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT'],
      forward: ['-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD'],
      forwardLast: [
        `-A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -m comment --comment "Policy explicitly accepted packet." -m mark --mark ${ACCEPTED} -j ACCEPT`,
        `-A FORWARD -m comment --comment "cali:mp77cMpurHhyjLrM" -j MARK --set-xmark ${ACCEPTED}`,
      ],
      output: ['-A OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT'],
      rules: [
        "-A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000",
        "-A cali-FORWARD -m mark --mark 0x0/0x10000 -j cali-from-hep-forward",
        "-A cali-FORWARD -i cali+ -j cali-from-wl-dispatch",
        "-A cali-FORWARD -o cali+ -j cali-to-wl-dispatch",
        "-A cali-FORWARD -j cali-to-hep-forward",
        "-A cali-FORWARD -j cali-cidr-block",
        ...tunnel.input,
        "-A cali-INPUT -i cali+ -g cali-wl-to-host",
        `-A cali-INPUT -m mark --mark ${ACCEPTED} -j ACCEPT`,
        "-A cali-INPUT -j MARK --set-xmark 0x0/0xf0000",
        "-A cali-INPUT -j cali-from-host-endpoint",
        `-A cali-OUTPUT -m mark --mark ${ACCEPTED} -j ACCEPT`,
        "-A cali-OUTPUT -o cali+ -j RETURN",
        ...tunnel.output,
        "-A cali-OUTPUT -j MARK --set-xmark 0x0/0xf0000",
        "-A cali-wl-to-host -j cali-from-wl-dispatch",
        '-A cali-wl-to-host -m comment --comment "Configured DefaultEndpointToHostAction" -j ACCEPT',
        ...namespaces.flatMap(profileRules),
        ...pods.flatMap((pod) => [
          `-A cali-from-wl-dispatch -i ${pod.hostLink} -g cali-fw-${pod.hostLink}`,
          `-A cali-to-wl-dispatch -o ${pod.hostLink} -g cali-tw-${pod.hostLink}`,
          ...workloadRules(pod, { in: [], out: [] }),
        ]),
        '-A cali-from-wl-dispatch -m comment --comment "Unknown interface" -j DROP',
        '-A cali-to-wl-dispatch -m comment --comment "Unknown interface" -j DROP',
      ],
    },
    nat: {
      chains: [
        ...["cali-OUTPUT", "cali-POSTROUTING", "cali-PREROUTING"],
        ...["cali-fip-dnat", "cali-fip-snat", "cali-nat-outgoing"],
      ],
      prerouting: ['-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING'],
      output: ['-A OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT'],
      postrouting: ['-A POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING'],
      postroutingLast: [],
      rules: [
        "-A cali-OUTPUT -j cali-fip-dnat",
        "-A cali-PREROUTING -j cali-fip-dnat",
        "-A cali-POSTROUTING -j cali-fip-snat",
        "-A cali-POSTROUTING -j cali-nat-outgoing",
        ...tunnel.nat,
        "-A cali-nat-outgoing -m set --match-set cali40masq-ipam-pools src -m set ! --match-set cali40all-ipam-pools dst -j MASQUERADE --random-fully",
      ],
    },
  };
}

function profileRules(namespace: string): string[] {
  return ["pri", "pro"].flatMap((kind) => [
    `-A cali-${kind}-kns.${namespace} -j MARK --set-xmark ${ACCEPTED}`,
    `-A cali-${kind}-kns.${namespace} -m mark --mark ${ACCEPTED} -j RETURN`,
  ]);
}

/** A workload's two chains: those of the policies that select it, else those of its namespace's profile. */
export function workloadRules(
  pod: PlannedPod,
  policies: { readonly in: readonly string[]; readonly out: readonly string[] },
): string[] {
  const side = (
    direction: "fw" | "tw",
    extra: readonly string[],
    chains: readonly string[],
    profile: string,
  ): string[] => {
    const name = `cali-${direction}-${pod.hostLink}`;
    return [
      `-A ${name} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      `-A ${name} -m conntrack --ctstate INVALID -j DROP`,
      `-A ${name} -j MARK --set-xmark 0x0/0x10000`,
      ...extra.map((rule) => `-A ${name} ${rule}`),
      ...(chains.length === 0
        ? []
        : [
            `-A ${name} -m comment --comment "Start of policies" -j MARK --set-xmark 0x0/0x20000`,
            ...chains.flatMap((chain) => [
              `-A ${name} -m mark --mark 0x0/0x20000 -j ${chain}`,
              `-A ${name} -m comment --comment "Return if policy accepted" -m mark --mark ${ACCEPTED} -j RETURN`,
            ]),
            `-A ${name} -m comment --comment "Drop if no policies passed packet" -m mark --mark 0x0/0x20000 -j DROP`,
          ]),
      `-A ${name} -j ${profile}`,
      `-A ${name} -m comment --comment "Return if profile accepted" -m mark --mark ${ACCEPTED} -j RETURN`,
      `-A ${name} -m comment --comment "Drop if no profiles matched" -j DROP`,
    ];
  };
  const noTunnels = [
    '-p udp -m comment --comment "Drop VXLAN encapped packets originating in workloads" -m multiport --dports 4789 -j DROP',
    '-p ipencap -m comment --comment "Drop IPinIP encapped packets originating in workloads" -j DROP',
  ];
  return [
    ...side("fw", noTunnels, policies.out, `cali-pro-kns.${pod.namespace}`),
    ...side("tw", [], policies.in, `cali-pri-kns.${pod.namespace}`),
  ];
}

function tunnelRules(plan: Plan): { input: string[]; output: string[]; nat: string[] } {
  if (plan.overlay === "host-gw") return { input: [], output: [], nat: [] };
  const port = vxlanPort(plan);
  const nat = [
    `-A cali-POSTROUTING -o ${overlayLink(plan)} -m comment --comment "cali:SXWvdsbh4Mw7wOln" -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL -j MASQUERADE --random-fully`,
  ];
  if (plan.overlay === "ipip") {
    return {
      input: [
        '-A cali-INPUT -p ipencap -m comment --comment "Allow IPIP packets from Calico hosts" -m set --match-set cali40all-hosts-net src -m addrtype --dst-type LOCAL -j ACCEPT',
        '-A cali-INPUT -p ipencap -m comment --comment "Drop IPIP packets from non-Calico hosts" -j DROP',
      ],
      output: [
        '-A cali-OUTPUT -p ipencap -m comment --comment "Allow IPIP packets to other Calico hosts" -m set --match-set cali40all-hosts-net dst -m addrtype --src-type LOCAL -j ACCEPT',
      ],
      nat,
    };
  }
  return {
    input: [
      `-A cali-INPUT -p udp -m comment --comment "Allow IPv4 VXLAN packets from allowed hosts" -m multiport --dports ${port} -m set --match-set cali40all-vxlan-net src -m addrtype --dst-type LOCAL -j ACCEPT`,
      `-A cali-INPUT -p udp -m comment --comment "Drop IPv4 VXLAN packets from non-allowed hosts" -m multiport --dports ${port} -m addrtype --dst-type LOCAL -j DROP`,
    ],
    output: [
      `-A cali-OUTPUT -p udp -m comment --comment "Allow IPv4 VXLAN packets to other allowed hosts" -m multiport --dports ${port} -m addrtype --src-type LOCAL -m set --match-set cali40all-vxlan-net dst -j ACCEPT`,
    ],
    nat,
  };
}
