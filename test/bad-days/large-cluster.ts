import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Those that the walk crosses. */
const NODES = ["k1", "k2"];

interface List {
  items: unknown[];
}

/** What a large cluster adds to the nodes of a walk and to the API: none of it is on anybody's way. */
export interface Extra {
  readonly services: number;
  /** Rules of one long chain that every forwarded packet goes through. */
  readonly rules: number;
  readonly routes: number;
  readonly connections: number;
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const address = (first: string, i: number): string => `${first}.${(i >> 8) & 255}.${i & 255}`;

/** Fills up a recorded cluster, as kube-proxy, a CNI and conntrack write it. */
export function enlarge(root: string, extra: Extra): void {
  addObjects(root, "services", range(extra.services).map(serviceObject));
  addObjects(root, "endpointslices", range(extra.services).map(sliceObject));
  for (const node of NODES) {
    const rules = join(root, node, "iptables-save.txt");
    const text = readFileSync(rules, "utf8");
    writeFileSync(rules, addRules(addServices(text, extra.services), extra.rules));
    const routes = join(root, node, "ip-route.txt");
    const more = range(extra.routes).map((i) => `${address("172", i)}.0/24 via 192.168.6.143 dev eth0 proto bird \n`);
    writeFileSync(routes, more.join("") + readFileSync(routes, "utf8"));
    writeFileSync(join(root, node, "conntrack.txt"), range(extra.connections).map(connection).join(""));
  }
}

function addObjects(root: string, kind: string, objects: readonly unknown[]): void {
  const path = join(root, "api", `${kind}.json`);
  const list = JSON.parse(readFileSync(path, "utf8")) as List;
  writeFileSync(path, JSON.stringify({ ...list, items: [...list.items, ...objects] }));
}

function serviceObject(i: number): unknown {
  const clusterIP = address("10.200", i);
  return {
    metadata: { name: `s${i}`, namespace: "many" },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      selector: { app: `s${i}` },
      ports: [{ port: 80, protocol: "TCP" }],
    },
  };
}

function sliceObject(i: number): unknown {
  return {
    addressType: "IPv4",
    metadata: { name: `s${i}-x`, namespace: "many", labels: { "kubernetes.io/service-name": `s${i}` } },
    endpoints: [{ addresses: [address("10.201", i)], conditions: { ready: true } }],
    ports: [{ port: 8080, protocol: "TCP" }],
  };
}

/** A chain for each Service and its endpoint, before the rules that are there. */
function addServices(text: string, count: number): string {
  const name = (kind: string, i: number): string => `KUBE-${kind}-${i.toString(36).toUpperCase().padStart(16, "A")}`;
  const chains = range(count).map((i) => `:${name("SVC", i)} - [0:0]\n:${name("SEP", i)} - [0:0]\n`);
  const rules = range(count).map(
    (i) =>
      `-A KUBE-SERVICES -d ${address("10.200", i)}/32 -p tcp -m comment --comment "many/s${i} cluster IP" -m tcp --dport 80 -j ${name("SVC", i)}\n` +
      `-A ${name("SVC", i)} -m comment --comment "many/s${i}" -j ${name("SEP", i)}\n` +
      `-A ${name("SEP", i)} -s ${address("10.201", i)}/32 -j KUBE-MARK-MASQ\n` +
      `-A ${name("SEP", i)} -p tcp -m tcp -j DNAT --to-destination ${address("10.201", i)}:8080\n`,
  );
  return insert(text, "nat", chains, rules);
}

function addRules(text: string, count: number): string {
  const rules = range(count).map(
    (i) => `-A LONG -s ${address("172.16", i)}/32 -p tcp -m tcp --dport ${1 + i} -j DROP\n`,
  );
  return insert(text, "filter", [":LONG - [0:0]\n"], ["-A FORWARD -j LONG\n", ...rules]);
}

function insert(text: string, table: string, chains: readonly string[], rules: readonly string[]): string {
  const start = text.indexOf(`*${table}\n`);
  const firstRule = text.slice(start).search(/^(\[\d+:\d+\] )?-A /m) + start;
  return `${text.slice(0, firstRule)}${chains.join("")}${rules.join("")}${text.slice(firstRule)}`;
}

function connection(i: number): string {
  const [client, pod] = [address("10.42", i), address("10.201", i)];
  const port = 1024 + (i % 60_000);
  return `tcp      6 86399 ESTABLISHED src=${client} dst=10.200.0.1 sport=${port} dport=80 src=${pod} dst=${client} sport=8080 dport=${port} [ASSURED] mark=0 use=1\n`;
}
