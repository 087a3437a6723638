import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Reader } from "../read/transport/reader.ts";
import type { Place } from "./tap/place.ts";

/** How the nodes are entered: what a reader of namespaces takes. */
export interface TestInventory {
  readonly file: string;
  readonly nodes: ReadonlyMap<
    string,
    { readonly netns: string | null; readonly address: null; readonly user: null; readonly port: null }
  >;
  readonly here: null;
}

/**
 * Two nodes with flannel's VXLAN and a pod each, in network namespaces, for tests alone. `10.88.0.1:80`, `:53/udp` are a Service
 * whose only endpoint is the pod on n2.
 */
export class TestCluster {
  readonly reader: Reader;
  readonly hosts: { readonly n1: Place; readonly n2: Place };
  readonly pods: { readonly p1: Place; readonly p2: Place };
  readonly prefix: string;
  private readonly servers: ChildProcess[] = [];

  constructor(openReader: (inventory: TestInventory) => Reader) {
    this.prefix = `lhwt-${randomBytes(2).toString("hex")}`;
    for (const name of ["n1", "n2", "p1", "p2"]) execFileSync("ip", ["netns", "add", this.netns(name)]);
    this.wire();
    const access = (name: string) => ({ netns: this.netns(name), address: null, user: null, port: null });
    this.reader = openReader({
      file: "test",
      nodes: new Map([
        ["n1", access("n1")],
        ["n2", access("n2")],
      ]),
      here: null,
    });
    const host = (node: string): Place => ({ netns: `${node}/host`, node, path: null });
    const pod = (name: string, node: string): Place => ({
      netns: `${node}/pod:default/${name}`,
      node,
      path: `/run/netns/${this.netns(name)}`,
    });
    this.hosts = { n1: host("n1"), n2: host("n2") };
    this.pods = { p1: pod("p1", "n1"), p2: pod("p2", "n2") };
  }

  netns(name: string): string {
    return `${this.prefix}-${name}`;
  }

  /** Runs a command line of plain words. */
  in(name: string, words: string): string {
    return execFileSync("ip", ["netns", "exec", this.netns(name), ...words.split(" ")], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  private wire(): void {
    const [n1, n2] = [this.netns("n1"), this.netns("n2")];
    execFileSync("ip", ["-n", n1, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", n2]);
    for (const [i, node, pod, other] of [
      [1, "n1", "p1", 2],
      [2, "n2", "p2", 1],
    ] as const) {
      const run = (words: string) => this.in(node, words);
      run("ip link set lo up");
      run(`ip addr add 10.99.0.${i}/24 dev eth0`);
      run("ip link set eth0 up");
      run(`ip route add default via 10.99.0.${other}`);
      run("sysctl -qw net.ipv4.ip_forward=1");
      run("ip link add flannel.1 type vxlan id 1 dstport 8472 nolearning dev eth0");
      run(`ip link set flannel.1 address 02:00:00:00:00:0${i}`);
      run(`ip addr add 10.77.${i}.0/32 dev flannel.1`);
      run("ip link set flannel.1 up");
      run(`ip route add 10.77.${other}.0/24 via 10.77.${other}.0 dev flannel.1 onlink`);
      run(`ip neigh add 10.77.${other}.0 lladdr 02:00:00:00:00:0${other} dev flannel.1 nud permanent`);
      run(`bridge fdb append 02:00:00:00:00:0${other} dev flannel.1 dst 10.99.0.${other}`);
      run("ip link add cni0 type bridge");
      run(`ip addr add 10.77.${i}.1/24 dev cni0`);
      run("ip link set cni0 up");
      execFileSync("ip", [
        "-n",
        this.netns(node),
        "link",
        "add",
        "veth0",
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        this.netns(pod),
      ]);
      run("ip link set veth0 master cni0");
      run("ip link set veth0 up");
      this.in(pod, "ip link set lo up");
      this.in(pod, `ip addr add 10.77.${i}.2/24 dev eth0`);
      this.in(pod, "ip link set eth0 up");
      this.in(pod, `ip route add default via 10.77.${i}.1`);
    }
    for (const chain of ["PREROUTING", "OUTPUT"]) {
      this.in(
        "n1",
        `iptables-nft -t nat -A ${chain} -d 10.88.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.77.2.2:8080`,
      );
      this.in(
        "n1",
        `iptables-nft -t nat -A ${chain} -d 10.88.0.1 -p udp --dport 53 -j DNAT --to-destination 10.77.2.2:5353`,
      );
    }
    this.in("n1", "iptables-nft -t nat -A POSTROUTING -o flannel.1 -j MASQUERADE --random-fully");
  }

  /** HTTP on 8080, DNS (NXDOMAIN to all) on UDP 5353, echo on UDP 7000, in the pod on n2. */
  async serve(): Promise<void> {
    const script = `
      require("http").createServer((q, s) => s.end("hello")).listen(8080, "0.0.0.0", () => console.log("ready"));
      const dns = require("dgram").createSocket("udp4");
      dns.on("message", (m, r) => { m[2] |= 0x80; m[3] = 0x83; dns.send(m, r.port, r.address); }).bind(5353);
      const echo = require("dgram").createSocket("udp4");
      echo.on("message", (m, r) => echo.send(m, r.port, r.address)).bind(7000);`;
    const child = spawn("ip", ["netns", "exec", this.netns("p2"), process.execPath, "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.servers.push(child);
    await new Promise((resolve) => child.stdout?.once("data", resolve));
  }

  async close(): Promise<void> {
    await this.reader.close();
    for (const server of this.servers) server.kill("SIGKILL");
    for (const name of ["p1", "p2", "n1", "n2"]) execFileSync("ip", ["netns", "del", this.netns(name)]);
  }
}
