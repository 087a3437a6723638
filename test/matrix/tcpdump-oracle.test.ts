import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { healFaults, injectFault } from "../../src/lab/fault.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { podOf } from "../../src/lab/plan.ts";
import { requireLab } from "../../src/lab/state.ts";
import { labUp } from "../../src/lab/up.ts";
import { statusFrom } from "../lab/command.ts";
import { describeLabs, useLabBundle } from "../lab/lab-bundle.ts";
import { deathsOfSymptom, observe } from "./observe.ts";
import { ownLabName, takeDown } from "./take-down.ts";
import { attemptsOf, hopText, inTime, type TappedPlace } from "./tcpdump-oracle.ts";
import { readTcpdumpText } from "./tcpdump-text.ts";

const place = (node: string, netns = "host", behind: TappedPlace["behind"] = null): TappedPlace => ({
  node,
  netns,
  name: `${node}-${netns}`,
  isFabric: node === "lan",
  behind,
});
const CLIENT = place("here");
const K1 = place("k1");
const K2 = place("k2");
const POD = place("k2", "pod:default/backend", { node: "k2", interface: "vethback", isPort: true });
const OTHER = place("k2", "pod:default/web", { node: "k2", interface: "vethweb", isPort: true });

/** Texts of several taps, as tcpdump printed them, put together as the oracle does. */
function attempts(...texts: readonly (readonly [TappedPlace, string])[]) {
  const seen = texts.flatMap(([at, text]) => readTcpdumpText(text).map((printed) => ({ ...printed, place: at })));
  return attemptsOf(inTime(seen));
}

const OPTIONS = "options [mss 1460,sackOK,TS val 2345597231 ecr 0,nop,wscale 10], length 0";
const SYN = `Flags [S], seq 3544387235, win 64860, ${OPTIONS}`;
const SYN_ACK = `Flags [S.], seq 4006747776, ack 3544387236, win 64308, ${OPTIONS}`;

describe("the text of tcpdump", () => {
  it("is read with its tunnels: VXLAN on two lines, IPIP on one", () => {
    const text = [
      `1795424662.433112600 eth0  Out IP 192.168.6.141.49221 > 192.168.6.142.8472: OTV, flags [I] (0x08), overlay 0, instance 1`,
      `IP 10.42.0.2.54758 > 10.42.1.2.8080: ${SYN}`,
      `1795424662.433112700 eth0  Out IP 192.168.6.141.49221 > 192.168.6.142.4789: VXLAN, flags [I] (0x08), vni 4096`,
      `IP 10.42.0.2.54758 > 10.42.1.2.8080: ${SYN}`,
      `1795348556.459925000 ens33 Out IP 192.168.6.141 > 192.168.6.142: IP 10.244.166.128.42372 > 10.244.104.23.8080: ${SYN}`,
      `1795348556.459925001 tunl0 Out IP 10.244.166.128.42372 > 10.244.104.23.8080: ${SYN}`,
    ].join("\n");
    expect(readTcpdumpText(text).map((one) => [one.interface, one.header, one.from, one.to, one.seq])).toEqual([
      ["eth0", "outer", "10.42.0.2:54758", "10.42.1.2:8080", 3544387235],
      ["eth0", "outer", "10.42.0.2:54758", "10.42.1.2:8080", 3544387235],
      ["ens33", "outer", "10.244.166.128:42372", "10.244.104.23:8080", 3544387235],
      ["tunl0", "inner", "10.244.166.128:42372", "10.244.104.23:8080", 3544387235],
    ]);
  });

  it("keeps direction, flags, numbers and payload, and passes over what is no TCP", () => {
    const text = [
      "1795424662.424897995 eth0  In  IP 192.168.6.10.43338 > 192.168.6.141.30007: Flags [P.], seq 10:93, ack 7, win 63, options [nop,nop,TS val 3477370931 ecr 652393739], length 83: HTTP: GET / HTTP/1.1",
      "\tGET / HTTP/1.1",
      "1795424662.433005361 vethcb P   IP 10.42.0.2.54758 > 10.43.0.7.80: Flags [R], seq 5, win 0, length 0",
      "1795424662.433005362 eth0  M   IP6 fe80::1 > ff02::2: ICMP6, router solicitation, length 16",
    ].join("\n");
    expect(readTcpdumpText(text)).toMatchObject([
      { direction: "in", isForAnother: false, flags: "P.", seq: 10, ack: 7, length: 83 },
      { direction: "in", isForAnother: true, flags: "R", seq: 5, ack: null, length: 0 },
    ]);
  });
});

describe("an attempt", () => {
  const sent: readonly [TappedPlace, string] = [
    CLIENT,
    `100.000000100 eth0 Out IP 192.168.6.10.4 > 192.168.6.141.80: ${SYN}`,
  ];
  const arrived: readonly [TappedPlace, string] = [
    K2,
    `100.000000300 eth0 In  IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}\n100.000000300 flannel.1 In  IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}`,
  ];

  it("ends where it was last seen, by time and then by the order of the text", () => {
    const [only] = attempts(arrived, sent);
    expect(hopText(only!.lastHop)).toBe("k2 flannel.1 in, request");
    expect(only).toMatchObject({ to: "192.168.6.141:80", destination: "10.42.1.2:8080", isAnswered: false });
  });

  it("is judged by its first transmission: one sent again after a second may come further", () => {
    const again = `101.000000100 eth0 Out IP 192.168.6.10.4 > 192.168.6.141.80: ${SYN}`;
    const [only] = attempts(sent, [K1, again], [POD, `101.000000400 eth0 In  IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}`]);
    expect(hopText(only!.lastHop)).toBe("here eth0 out, request");
  });

  it("that was answered ends on the way back", () => {
    const reply = `100.000000500 eth0 Out IP 10.42.1.2.8080 > 10.42.0.2.4: ${SYN_ACK}`;
    const [lost] = attempts(sent, arrived, [POD, reply]);
    expect(hopText(lost!.lastHop)).toBe("default/backend eth0 out, reply");
    expect(lost!.isAnswered).toBe(false);
    const home = `100.000000900 eth0 In  IP 192.168.6.141.80 > 192.168.6.10.4: ${SYN_ACK}`;
    expect(attempts(sent, arrived, [POD, reply], [CLIENT, home])[0]!.isAnswered).toBe(true);
  });

  it("is not answered by an address that it was not sent to", () => {
    const home = `100.000000900 eth0 In  IP 10.42.1.2.8080 > 192.168.6.10.4: ${SYN_ACK}`;
    const [only] = attempts(sent, [CLIENT, home]);
    expect(only!.isAnswered).toBe(false);
    expect(hopText(only!.lastHop)).toBe("here eth0 in, reply");
  });

  it("refused by a reset ends where its request did", () => {
    const reset =
      "100.000000500 eth0 Out IP 10.42.1.2.8080 > 10.42.0.2.4: Flags [R.], seq 0, ack 3544387236, win 0, length 0";
    expect(hopText(attempts(sent, arrived, [POD, reset])[0]!.lastHop)).toBe("k2 flannel.1 in, request");
  });

  it("is not on the way of a bridge's copies to others, nor on the fabric", () => {
    const flooded = `100.000000400 cni0 Out IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}\n100.000000410 vethweb Out IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}`;
    const copy = `100.000000420 eth0 P   IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}`;
    const switched = `100.000000430 br0 In  IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}`;
    expect(hopText(attempts(sent, arrived, [K2, flooded], [OTHER, copy], [place("lan"), switched])[0]!.lastHop)).toBe(
      "k2 cni0 out, request",
    );
  });

  it("came to the end of a routed link, also under a MAC address that nobody has there", () => {
    const routed = place("k2", "pod:default/db", { node: "k2", interface: "califdb", isPort: false });
    const out = `100.000000400 califdb Out IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}`;
    const wrongMac = `100.000000420 eth0 P   IP 10.42.0.2.4 > 10.42.1.2.8080: ${SYN}`;
    expect(hopText(attempts(sent, arrived, [K2, out], [routed, wrongMac])[0]!.lastHop)).toBe(
      "default/db eth0 in, request",
    );
  });

  it("that connected may stall: its payload's last hop counts", () => {
    const home = `100.000000900 eth0 In  IP 192.168.6.141.80 > 192.168.6.10.4: ${SYN_ACK}`;
    const payload = "Flags [P.], seq 3544387236:3544387319, ack 4006747777, win 63, length 83";
    const out = `100.000001000 eth0 Out IP 192.168.6.10.4 > 192.168.6.141.80: ${payload}`;
    const through = `100.000001100 cni0 In  IP 192.168.6.10.4 > 10.42.1.2.8080: ${payload}`;
    const stalled = attempts(sent, [CLIENT, home], [CLIENT, out], [K1, through])[0]!;
    expect([stalled.isStalled, hopText(stalled.lastHop)]).toEqual([true, "k1 cni0 in, request"]);
    const ack =
      "100.000001300 eth0 In  IP 192.168.6.141.80 > 192.168.6.10.4: Flags [.], ack 3544387319, win 63, length 0";
    expect(attempts(sent, [CLIENT, home], [CLIENT, out], [K1, through], [CLIENT, ack])[0]!.isStalled).toBe(false);
  });
});

/** Read off raw captures by hand, once for each. `*` is the gateway's own link. */
const VERIFIED: Readonly<Record<string, Readonly<Record<"flannel" | "calico", string>>>> = {
  "suspend-resume k1": { flannel: "k1 eth0 in, request", calico: "k1 eth0 in, request" },
  "ip-forward-off k2": { flannel: "k2 flannel.1 in, request", calico: "k2 vxlan.calico in, request" },
  "per-iface-forwarding-off k1": { flannel: "k1 flannel.1 in, reply", calico: "k1 vxlan.calico in, reply" },
  "forward-drop k2": { flannel: "k2 flannel.1 in, request", calico: "k2 vxlan.calico in, request" },
  // The default route takes it out of the cluster.
  "no-route-to-pod-cidr k1": { flannel: "k1 eth0 out, request", calico: "k1 eth0 out, request" },
  "no-route-to-pod-cidr k2": { flannel: "k2 eth0 out, reply", calico: "k2 eth0 out, reply" },
  "vxlan-udp-blocked k1": { flannel: "k1 eth0 in (tunnelled), reply", calico: "k1 eth0 in (tunnelled), reply" },
  "vxlan-udp-blocked k2": { flannel: "k2 eth0 in (tunnelled), request", calico: "k2 eth0 in (tunnelled), request" },
  // A route to a link that is down goes with it: the block's blackhole is left.
  "pod-link-down k2": { flannel: "k2 cni0 out, request", calico: "k2 vxlan.calico in, request" },
  "svc-selector-mismatch": { flannel: "k1 cni0 in, request", calico: "k1 * in, request" },
};

describeLabs("the oracle, against what was verified by hand", () => {
  const bundle = useLabBundle();
  const NAMES = { flannel: ownLabName("mxo-flannel"), calico: ownLabName("mxo-calico") } as const;
  const CNIS = ["flannel", "calico"] as const;
  const labs = new Map<string, Lab>();

  beforeAll(async () => {
    for (const cni of CNIS) {
      await takeDown(NAMES[cni]);
      labs.set(cni, await labUp({ name: NAMES[cni], nodes: 3, cni, overlay: "vxlan", serverBundle: bundle.server }));
    }
  }, 60_000);
  afterAll(async () => {
    for (const cni of CNIS) await takeDown(NAMES[cni]);
  });

  const deaths = async (cni: "flannel" | "calico"): Promise<readonly string[]> => {
    const lab = labs.get(cni) as Lab;
    const { attempts: own } = await observe(lab, () =>
      Promise.all(Array.from({ length: 4 }, () => statusFrom(lab.clientNetns, lab.url))),
    );
    return deathsOfSymptom(own, []).map(hopText);
  };

  it("sees nothing die in a healthy lab", async () => {
    for (const cni of CNIS) expect(await deaths(cni)).toEqual([]);
  }, 20_000);

  it.each(Object.entries(VERIFIED))(
    "%s",
    async (title, due) => {
      const [fault = "", node] = title.split(" ");
      await Promise.all(
        CNIS.map(async (cni) => {
          const { plan } = requireLab(NAMES[cni]);
          await injectFault(NAMES[cni], fault, node);
          try {
            expect(await deaths(cni), cni).toEqual([due[cni].replace("*", podOf(plan, "frontend").hostLink)]);
          } finally {
            await healFaults(NAMES[cni]);
          }
        }),
      );
    },
    30_000,
  );
});
