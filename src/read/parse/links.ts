import type { Address, Bridge, BridgePort, IpTunnel, Link, Vxlan } from "../../facts/netns.ts";
import { type CodedPhrase, phrase } from "../../facts/phrase.ts";
import type { Provenance, Source } from "../../facts/provenance.ts";
import { readAddress } from "./link-addresses.ts";
import { Details, readBridge, readBridgePort, readTunnel, readVxlan, TUNNEL_KINDS } from "./link-details.ts";
import type { Line, Parsed } from "./parsed.ts";
import { because, linesOf, Problems, parseU32, wordsOf } from "./parsed.ts";

interface Draft {
  readonly name: string;
  readonly index: number;
  readonly lower: string | null;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master: string | null;
  readonly qdisc: string | null;
  readonly because: Provenance;
  xdp: boolean;
  /** The word after `link/`: ether, loopback, ipip, none … */
  hardware: string | null;
  mac: string | null;
  peerNetns: Link["peerNetns"];
  detailed: boolean;
  kind: string | null;
  vxlan: Vxlan | null;
  tunnel: IpTunnel | null;
  vlanId: number | null;
  bridge: Bridge | null;
  port: BridgePort | null;
  addresses: Address[];
}

/** Lines under a link that say nothing of its kind. */
const NO_KIND =
  /^(?:alias|altname|vf|RX:|TX:|valid_lft|portname|switchid|permaddr|parentbus|addrgenmode|numtxqueues|\d)/;

/** What ARPHRD tells of the kind where details (`-d`) were not asked for. */
const KIND_BY_HARDWARE: Readonly<Record<string, string>> = {
  ipip: "ipip",
  gre: "gre",
  gre6: "ip6gre",
  sit: "sit",
  tunnel6: "ip6tnl",
};

/**
 * `ip -d link show`, joined by index with `ip addr show`. Either text may stand alone as `linkText`: `ip addr` prints
 * the link's own line too. Without `-d` the kind is told by the hardware type; a link whose peer lies in another
 * netns is then called `veth`, which MACVLAN and IPVLAN in a pod would be too.
 */
export function parseLinks(
  linkText: string,
  linkSource: Source,
  addrText: string | null,
  addrSource: Source | null,
): Parsed<readonly Link[]> {
  const problems = new Problems();
  const drafts = readDrafts(linkText, linkSource, problems);
  if (addrText !== null) {
    for (const [index, other] of readDrafts(addrText, addrSource ?? linkSource, problems)) {
      const draft = drafts.get(index);
      if (draft === undefined) drafts.set(index, other);
      else if (draft.name === other.name && other.addresses.length > 0) draft.addresses = other.addresses;
      else if (draft.name !== other.name) {
        const line = { number: other.because.line, text: other.name };
        problems.add(line, phrase("link-renamed", { index, name: draft.name.slice(0, 20) }));
      }
    }
  }
  const indexes = new Map([...drafts.values()].map((draft) => [draft.name, draft.index]));
  const links = [...drafts.values()].map((draft) => finish(draft, indexes));
  return { value: links, problems: problems.list() };
}

function readDrafts(text: string, source: Source, problems: Problems): Map<number, Draft> {
  const drafts = new Map<number, Draft>();
  let draft: Draft | null = null;
  for (const line of linesOf(text)) {
    if (!/^\s/.test(line.text)) {
      draft = readHeader(line, source);
      if (draft === null) problems.add(line, phrase("no-link"));
      else drafts.set(draft.index, draft);
      continue;
    }
    if (draft === null) {
      problems.add(line, phrase("continues-nothing"));
      continue;
    }
    const why = readLine(draft, line, source);
    if (why !== null) problems.add(line, why);
  }
  return drafts;
}

function readHeader(line: Line, source: Source): Draft | null {
  const head = /^(\d{1,10}): (\S+): <([^>]*)>\s*(.*)$/.exec(line.text);
  const index = parseU32(head?.[1]);
  if (head === null || index === null) return null;
  const label = head[2] ?? "";
  const at = label.lastIndexOf("@");
  const lower = at > 0 ? label.slice(at + 1) : null;
  const details = new Details(wordsOf(head[4] ?? ""));
  const mtu = parseU32(details.after("mtu"));
  if (mtu === null) return null;
  return {
    name: at > 0 ? label.slice(0, at) : label,
    index,
    lower: lower === "NONE" ? null : lower,
    flags: (head[3] ?? "").split(",").filter((flag) => flag !== ""),
    mtu,
    master: details.after("master") ?? null,
    qdisc: details.after("qdisc") ?? null,
    xdp: details.words.some((word) => word.startsWith("xdp")),
    because: because(source, line),
    hardware: null,
    mac: null,
    peerNetns: null,
    detailed: false,
    kind: null,
    vxlan: null,
    tunnel: null,
    vlanId: null,
    bridge: null,
    port: null,
    addresses: [],
  };
}

/** Returns why a line was not understood, or null. */
function readLine(draft: Draft, line: Line, source: Source): CodedPhrase | null {
  const words = wordsOf(line.text);
  const first = words[0] ?? "";
  if (first.startsWith("link/")) {
    readHardware(draft, words);
    return null;
  }
  if (first === "inet" || first === "inet6") {
    const address = readAddress(line, source);
    if (address === null) return phrase("no-address");
    draft.addresses.push(address);
    return null;
  }
  if (first.startsWith("prog/xdp") || first.startsWith("xdp")) {
    draft.xdp = true;
    return null;
  }
  if (NO_KIND.test(first) || !draft.detailed) return null;
  if (first === "bridge_slave") draft.port = readBridgePort(new Details(words));
  else if (!first.endsWith("_slave") && draft.kind === null && /^[a-z][a-z0-9_-]*$/.test(first)) {
    readKind(draft, first, new Details(words));
  }
  return null;
}

function readHardware(draft: Draft, words: readonly string[]): void {
  const details = new Details(words);
  draft.hardware = words[0]?.slice(5) ?? null;
  draft.mac = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(words[1] ?? "") ? (words[1] ?? "").toLowerCase() : null;
  draft.detailed ||= details.has("promiscuity");
  const name = details.after("link-netns");
  const netnsid = parseU32(details.after("link-netnsid"));
  if (name !== undefined) draft.peerNetns = { name };
  else if (netnsid !== null) draft.peerNetns = { netnsid };
}

function readKind(draft: Draft, kind: string, details: Details): void {
  draft.kind = kind;
  if (kind === "vxlan") draft.vxlan = readVxlan(details);
  else if (kind === "bridge") draft.bridge = readBridge(details);
  else if (kind === "vlan") draft.vlanId = parseU32(details.after("id"));
  else if (TUNNEL_KINDS.has(kind)) draft.tunnel = readTunnel(kind, details);
}

function finish(draft: Draft, indexes: ReadonlyMap<string, number>): Link {
  const { hardware, detailed, kind, lower, addresses, ...rest } = draft;
  const far = lower === null ? null : /^if(\d{1,10})$/.exec(lower);
  // A link of this netns may well be called `if4`; then it is meant, unless the peer's netns is named.
  const isHere = lower !== null && draft.peerNetns === null && indexes.has(lower);
  return {
    ...rest,
    kind: kind ?? kindByHardware(hardware, !detailed && draft.peerNetns !== null),
    up: draft.flags.includes("UP"),
    carrier: draft.flags.includes("LOWER_UP"),
    peerIndex: isHere ? (indexes.get(lower) ?? null) : parseU32(far?.[1]),
    lower: far !== null && !isHere ? null : lower,
    addresses,
  };
}

function kindByHardware(hardware: string | null, hasFarPeer: boolean): string {
  if (hardware === "loopback") return "loopback";
  if (hardware === "ether" && hasFarPeer) return "veth";
  return KIND_BY_HARDWARE[hardware ?? ""] ?? "device";
}
