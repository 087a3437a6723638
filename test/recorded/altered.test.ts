import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { alteredBundle, cutCapture, removeAltered } from "./altered-bundle.ts";
import { diagnoseBundle, FIXTURES, NODE_PORT } from "./offline-cli.ts";

afterAll(removeAltered);

const OFF = "vxlan-ip-forward-off";

describe("files that are empty, as a redirection leaves them where the tool is missing", () => {
  it.each([
    ["ip-route.txt", "routes"],
    ["ip-rule.txt", "IPv4 policy rules"],
    ["ss.txt", "sockets"],
    ["sysctl-net.txt", "sysctls"],
  ])("%s is unknown", async (file, what) => {
    const bundle = alteredBundle("vxlan-healthy", (root) => {
      for (const node of ["k1", "k2", "k3"]) writeFileSync(join(root, node, file), "");
    });
    const { verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect(verdict.cause).toBeNull();
    expect(verdict.notChecked).toContainEqual({
      what: `${what}: k1; k2; k3`,
      why: "its output is empty, which it never is",
    });
  });

  it("both files of rules are, of a node that has none in either", async () => {
    const bundle = alteredBundle("vxlan-healthy", (root) => {
      for (const node of ["k1", "k2", "k3"]) {
        writeFileSync(join(root, node, "iptables-save.txt"), "");
        for (const file of ["nft-ruleset.json", "nft-ruleset.txt"]) rmSync(join(root, node, file));
      }
    });
    const { verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect(verdict.cause).toBeNull();
    expect(verdict.notChecked.map(({ why }) => why)).toContain("its output is empty, which it never is");
  });
});

describe("captures that do not tell all", () => {
  it("is no more than likely when the tap where it ends is missing, and the last hop is what was seen", async () => {
    const bundle = alteredBundle(OFF, (root) => rmSync(join(root, "capture/k2.pcap")));
    const { status, verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect(status).toBe(1);
    expect(verdict).toMatchObject({
      confidence: "likely",
      cause: { id: "ip-forward-off", node: "k2" },
      lastHop: { node: "k1", interface: "eth0", direction: "out", header: "outer" },
    });
    expect(verdict.path.at(-1)).toMatchObject({ node: "k2", witnessed: null });
  });

  it("says first that nobody heard what the symptom answers, where no packet of it was recorded", async () => {
    const bundle = alteredBundle("vxlan-healthy", (root) => rmSync(join(root, "capture"), { recursive: true }));
    const mute = (await diagnoseBundle(bundle, NODE_PORT)).verdict;
    expect(mute.outcome).toBe("healthy");
    expect(mute.notChecked[0]).toEqual({
      what: "what 192.168.6.141:30007 answers",
      why: "no packet to it was recorded: give lasthop snapshot the symptom",
    });
    const heard = (await diagnoseBundle(join(FIXTURES, "vxlan-healthy"), NODE_PORT)).verdict;
    expect(heard.notChecked.filter(({ what }) => what.includes("answers"))).toEqual([]);
  });

  it("goes on from where the symptom's walk ends in the unknown: what stops a probe from there is likely the cause", async () => {
    const bundle = alteredBundle(OFF, (root) => {
      appendFileSync(
        join(root, "k1/ip-addr.txt"),
        [
          "90: kube-ipvs0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default",
          "    link/ether 0a:00:00:00:00:90 brd ff:ff:ff:ff:ff:ff promiscuity 0",
          "    dummy numtxqueues 1 numrxqueues 1",
          "    inet 192.168.6.141/32 scope global kube-ipvs0",
          "",
        ].join("\n"),
      );
      const rules = join(root, "k1/iptables-save.txt");
      const kept = readFileSync(rules, "utf8").split("\n");
      writeFileSync(rules, kept.filter((line) => !/-A KUBE-(SERVICES|NODEPORTS|SVC)/.test(line)).join("\n"));
      for (const file of ["nft-ruleset.json", "nft-ruleset.txt"]) rmSync(join(root, "k1", file));
    });
    const { verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect(verdict.notChecked[0]).toMatchObject({ what: "the walk to 192.168.6.141" });
    expect(verdict).toMatchObject({ confidence: "likely", cause: { id: "ip-forward-off", node: "k2" } });
  });

  it("leaves out what the recording stopped too early to see answered", async () => {
    const bundle = alteredBundle(OFF, (root) => {
      for (const node of ["k1", "k2"]) cutCapture(join(root, `capture/${node}.pcap`), 0, 2.2);
    });
    const { verdict } = await diagnoseBundle(bundle, NODE_PORT);
    // The third request began 0.1 s before the end: whether it was lost is not known.
    expect(verdict.ladder.find((r) => r.rung === "http")?.finding).toMatch(/2 flows adopted; 1 of 2 tries failed/);
  });

  it("does not confirm by echoes what was asked over TCP", async () => {
    const bundle = alteredBundle(OFF, (root) => {
      cutCapture(join(root, "capture/k1.pcap"), 2.5, 60);
      cutCapture(join(root, "capture/k2.pcap"), 1.5, 60);
    });
    const { verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect(verdict.ladder.find((r) => r.rung === "reach")?.finding).toMatch(/10\.42\.0\.3 0\/3/);
    expect(verdict).toMatchObject({ confidence: "likely", cause: { id: "ip-forward-off", node: "k2" } });
  });

  it("does not trust a capture that cannot be read, and goes by the walk", async () => {
    const bundle = alteredBundle(OFF, (root) => {
      for (const node of ["k1", "k2"])
        writeFileSync(join(root, `capture/${node}.pcap`), "not a pcap file at all, but bytes");
    });
    const { verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect(verdict).toMatchObject({ outcome: "broken", confidence: "likely", cause: { id: "ip-forward-off" } });
    expect(verdict.notChecked.map((n) => n.what)).toContain("absence of packets in k1/host");
  });

  it("follows no link out of the bundle", async () => {
    const bundle = alteredBundle(OFF, (root) => {
      for (const node of ["k1", "k2"]) {
        rmSync(join(root, `capture/${node}.pcap`));
        symlinkSync(join(FIXTURES, OFF, `capture/${node}.pcap`), join(root, `capture/${node}.pcap`));
      }
    });
    const { verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect(verdict).toMatchObject({ confidence: "likely", symptom: { from: "k2" } });
    const why = verdict.notChecked.find((n) => n.what === "absence of packets in k2/host")?.why;
    expect(why).toMatch(/leads out of the bundle|symbolic|ELOOP/);
  });
});

describe("facts and captures that contradict each other", () => {
  it("names no cause when the packets are lost and the facts are in order", async () => {
    const bundle = alteredBundle("vxlan-healthy", (root) =>
      cpSync(join(FIXTURES, OFF, "capture"), join(root, "capture"), { recursive: true }),
    );
    const { status, verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect({ status, outcome: verdict.outcome, cause: verdict.cause }).toEqual({
      status: 2,
      outcome: "broken",
      cause: null,
    });
    expect(verdict.lastHop).toMatchObject({ node: "k2", interface: "flannel.1", disposition: "UNKNOWN" });
  });

  it("believes the answers rather than the walk", async () => {
    const bundle = alteredBundle(OFF, (root) =>
      cpSync(join(FIXTURES, "vxlan-healthy/capture"), join(root, "capture"), { recursive: true }),
    );
    const { status, verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect({ status, outcome: verdict.outcome, cause: verdict.cause }).toEqual({
      status: 2,
      outcome: "unknown",
      cause: null,
    });
  });
});

describe("from another place", () => {
  it("does not take the tries of others for its own", async () => {
    const { verdict } = await diagnoseBundle(join(FIXTURES, OFF), NODE_PORT, { from: "node/k3" });
    expect(verdict.symptom.from).toBe("k3");
    expect(verdict.ladder.find((r) => r.rung === "http")).toMatchObject({ status: "skipped" });
    expect(verdict.cause).toMatchObject({ id: "ip-forward-off", node: "k2" });
  });
});

describe("a server that waited for another Service when it was recorded", () => {
  const POD = "http://10.42.2.2:8080/";
  const waiting = (root: string) => {
    const pods = join(root, "k1/pods");
    const path = join(pods, readdirSync(pods)[0] ?? "", "ss.txt");
    writeFileSync(path, `${readFileSync(path, "utf8")}tcp SYN-SENT 0 1 10.42.2.2:45000 10.43.18.19:8080\n`);
  };

  it("is followed to where its own connection is lost; that the symptom hangs on it is likely", async () => {
    const { status, verdict } = await diagnoseBundle(alteredBundle(OFF, waiting), POD, { from: "node/k1" });
    expect(status).toBe(1);
    expect(verdict).toMatchObject({ confidence: "likely", cause: { id: "ip-forward-off", node: "k2" } });
    expect(verdict.ladder[0]?.finding).toContain("SYN_SENT → 10.43.18.19:8080");
    expect(verdict.ladder.find((r) => r.rung === "service")?.finding).toContain("default/backend");
  });

  it("is likely at most also where its own packets were seen to be lost", async () => {
    const bundle = alteredBundle("ipip-resumed", (root) =>
      writeFileSync(join(root, "node1/pods/loadgen/ss.txt"), "tcp LISTEN 0 9 *:8080 *:*\n"),
    );
    const { verdict } = await diagnoseBundle(bundle, "http://10.244.166.131:8080/", { from: "node/node1" });
    expect(verdict.ladder[0]?.finding).toContain("[UNREPLIED] → 10.101.23.7:80");
    expect(verdict).toMatchObject({
      confidence: "likely",
      cause: { id: "ip-forward-off", node: "node2" },
      lastHop: { node: "node2", interface: "tunl0", direction: "in" },
    });
    expect(verdict.path.at(-1)).toMatchObject({ witnessed: true });
  });

  it("says nothing against a symptom whose server waits for somebody whom it reaches", async () => {
    const { verdict } = await diagnoseBundle(alteredBundle("vxlan-healthy", waiting), POD, { from: "node/k1" });
    expect(verdict).toMatchObject({ outcome: "healthy", cause: null });
  });

  it("is left alone when it waits for nobody", async () => {
    const { verdict } = await diagnoseBundle(join(FIXTURES, OFF), POD, { from: "node/k1" });
    expect(verdict).toMatchObject({ outcome: "healthy", cause: null });
  });

  it("is followed, where nothing was captured, to the Service that it used before and would not reach now", async () => {
    const using = (fixture: string) =>
      alteredBundle(fixture, (root) => {
        rmSync(join(root, "capture"), { recursive: true });
        const backend = "src=10.42.2.2 dst=10.43.18.19 sport=40000 dport=8080";
        const answered = "src=10.42.0.2 dst=10.42.2.2 sport=8080 dport=40000";
        const row = `ipv4 2 tcp 6 86390 ESTABLISHED ${backend} ${answered} [ASSURED] mark=0 zone=0 use=2\n`;
        appendFileSync(join(root, "k1/conntrack.txt"), row);
      });
    const { verdict } = await diagnoseBundle(using(OFF), POD, { from: "node/k1" });
    expect(verdict).toMatchObject({ confidence: "likely", cause: { id: "ip-forward-off", node: "k2" } });
    expect(verdict.ladder[0]?.finding).toContain("1 connection → 10.43.18.19:8080 answered before");
    const well = (await diagnoseBundle(using("vxlan-healthy"), POD, { from: "node/k1" })).verdict;
    expect(well).toMatchObject({ outcome: "healthy", cause: null });
  });

  it("is followed, where nothing tells whom it asks, to a Service of its own namespace that it would not reach", async () => {
    const mute = (fixture: string, alter: (root: string) => void = () => {}) =>
      alteredBundle(fixture, (root) => {
        rmSync(join(root, "capture"), { recursive: true });
        alter(root);
      });
    const told = async (bundle: string) => (await diagnoseBundle(bundle, POD, { from: "node/k1" })).verdict;
    const verdict = await told(mute(OFF));
    expect(verdict).toMatchObject({ confidence: "likely", cause: { id: "ip-forward-off", node: "k2" } });
    expect(verdict.ladder[0]?.finding).toContain(
      "by the walk not all that it sends to default/backend (10.43.18.19:8080)",
    );
    expect(await told(mute("vxlan-healthy"))).toMatchObject({ outcome: "healthy", cause: null });
    const elsewhere = mute(OFF, (root) => {
      const path = join(root, "api/services.json");
      const services = JSON.parse(readFileSync(path, "utf8"));
      services.items = services.items.filter(
        ({ metadata }: { metadata: { name: string } }) => metadata.name !== "backend",
      );
      writeFileSync(path, JSON.stringify(services));
    });
    expect(await told(elsewhere)).toMatchObject({ outcome: "healthy", cause: null });
  });
});

describe("a machine that could not be read, where nothing was captured", () => {
  const gone = (ready: string, neighbour: string) =>
    alteredBundle("vxlan-healthy", (root) => {
      for (const folder of ["capture", "k2"]) rmSync(join(root, folder), { recursive: true });
      for (const node of ["k1", "k3"]) {
        for (const file of ["ip-neigh.json", "ip-neigh.txt"]) rmSync(join(root, node, file), { force: true });
        const kept = readFileSync(join(FIXTURES, "vxlan-healthy", node, "ip-neigh.txt"), "utf8").split("\n");
        const others = kept.filter((line) => !line.startsWith("192.168.6.142 "));
        writeFileSync(join(root, node, "ip-neigh.txt"), [`192.168.6.142 dev eth0 ${neighbour}`, ...others].join("\n"));
      }
      const nodes = JSON.parse(readFileSync(join(root, "api/nodes.json"), "utf8"));
      const k2 = nodes.items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === "k2");
      for (const condition of k2.status.conditions) if (condition.type === "Ready") condition.status = ready;
      writeFileSync(join(root, "api/nodes.json"), JSON.stringify(nodes));
    });
  const told = async (...signs: readonly [string, string]) =>
    (await diagnoseBundle(gone(...signs), "http://10.42.0.3:8080/", { from: "node/k1" })).verdict;

  it("is down by two signs: the API has not heard of it, and a neighbour asked for it in vain", async () => {
    expect(await told("Unknown", "FAILED")).toMatchObject({
      outcome: "broken",
      confidence: "likely",
      cause: { id: "node-down", node: "k2", found: "192.168.6.142 dev eth0 FAILED" },
    });
  });

  it("may be only out of our reach by one, or where a neighbour has just heard of it", async () => {
    const mac = "lladdr 7e:cf:c1:9e:43:4f";
    expect((await told("True", "FAILED")).cause?.id).not.toBe("node-down");
    expect((await told("Unknown", `${mac} STALE`)).cause).toBeNull();
    expect((await told("Unknown", `${mac} REACHABLE`)).cause).toBeNull();
  });
});
