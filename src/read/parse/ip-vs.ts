import { type Ip, ipFromValue, parseIp } from "../../facts/ip.ts";
import type { VirtualServer } from "../../facts/netns.ts";
import { phrase } from "../../facts/phrase.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Parsed } from "./parsed.ts";
import { because, linesOf, Problems, wordsOf } from "./parsed.ts";

const PROTOCOLS: ReadonlyMap<string, VirtualServer["protocol"]> = new Map([
  ["TCP", "tcp"],
  ["UDP", "udp"],
  ["SCTP", "sctp"],
]);

/** /proc/net/ip_vs (ip_vs_info_seq_show in net/netfilter/ipvs/ip_vs_ctl.c): addresses, ports and marks are hexadecimal. */
export function parseIpVs(text: string, source: Source): Parsed<readonly VirtualServer[]> {
  const problems = new Problems();
  const servers: (VirtualServer & { realServers: number })[] = [];
  for (const line of linesOf(text)) {
    const [kind = "", where = "", scheduler = ""] = wordsOf(line.text);
    const last = servers.at(-1);
    if (kind === "IP" || kind === "Prot" || where === "RemoteAddress:Port") continue;
    if (kind === "->" && last !== undefined) {
      last.realServers += 1;
      continue;
    }
    const common = { scheduler, realServers: 0, because: because(source, line) };
    const end = readEnd(where);
    const protocol = PROTOCOLS.get(kind);
    if (kind === "FWM" && /^[0-9A-F]{1,8}$/i.test(where)) {
      servers.push({ protocol: null, ip: null, port: 0, fwmark: Number.parseInt(where, 16), ...common });
    } else if (protocol !== undefined && end !== null) servers.push({ protocol, ...end, fwmark: null, ...common });
    else problems.add(line, phrase("no-virtual-server"));
  }
  return { value: servers, problems: problems.list() };
}

function readEnd(text: string): { readonly ip: Ip; readonly port: number } | null {
  const match = /^(?:([0-9A-F]{8})|\[([0-9a-f:.]{2,45})\]):([0-9A-F]{4})$/i.exec(text);
  if (match === null) return null;
  const [, v4, v6, port = ""] = match;
  const ip = v4 === undefined ? parseIp(v6 ?? "") : ipFromValue(4, BigInt(`0x${v4}`));
  return ip === null ? null : { ip, port: Number.parseInt(port, 16) };
}
