/** Namespaces, what joins them, and what is done in each: plain text for iproute2, sysctl and iptables. */
export class Topology {
  readonly nodes: string[] = [];
  readonly wires: (readonly [node: string, link: string, node2: string, link2: string])[] = [];
  /** Lines of `ip -batch`, by node. */
  readonly ip = new Map<string, string[]>();
  readonly sysctls = new Map<string, (readonly [key: string, value: string])[]>();
  /** Lines of sh, run last: rules of iptables, links taken down. */
  readonly sh = new Map<string, string[]>();
  /** What a node's VXLAN device is made with beyond what all have; the last word of a parameter counts. */
  readonly vxlan = new Map<string, string>();
  /** What was broken, in words, for the message of a failing test. */
  readonly faults: string[] = [];
  family: 4 | 6 = 4;
  from = "";
  to = "";
  /** Where the sender sends; with a Service that is not the receiver's own address. */
  address = "";
  port = 8080;

  node(name: string): string {
    this.nodes.push(name);
    this.ip.set(name, ["link set lo up"]);
    this.sysctls.set(name, []);
    this.sh.set(name, []);
    return name;
  }

  wire(a: string, linkA: string, b: string, linkB: string): void {
    this.wires.push([a, linkA, b, linkB]);
    this.do(a, `link set ${linkA} up`);
    this.do(b, `link set ${linkB} up`);
  }

  do(node: string, ...lines: readonly string[]): void {
    this.ip.get(node)?.push(...lines);
  }

  set(node: string, key: string, value: string | number): void {
    this.sysctls.get(node)?.push([key, String(value)]);
  }

  run(node: string, line: string): void {
    this.sh.get(node)?.push(line);
  }

  linksOf(node: string): readonly string[] {
    return this.wires.flatMap(([a, la, b, lb]) => [...(a === node ? [la] : []), ...(b === node ? [lb] : [])]);
  }
}
