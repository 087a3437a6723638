import type { Netns, Route, Table } from "../../facts/netns.ts";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { Known } from "../../facts/provenance.ts";
import { known, unknown } from "../../facts/provenance.ts";
import { parseFdb } from "../parse/bridge-fdb.ts";
import { parseConntrack } from "../parse/conntrack.ts";
import { parseConntrackStats } from "../parse/conntrack-stats.ts";
import { parseCounters } from "../parse/counters.ts";
import { parseIpVs } from "../parse/ip-vs.ts";
import { parseLinkCounters } from "../parse/link-counters.ts";
import { parseLinks } from "../parse/links.ts";
import { parseNeighbours } from "../parse/neighbours.ts";
import { parsePolicyRules } from "../parse/policy-rules.ts";
import { parseRoutes } from "../parse/routes.ts";
import { parseSockets } from "../parse/sockets.ts";
import { parseSysctls } from "../parse/sysctls.ts";
import { EMPTY_OUTPUT, type Readings } from "./readings.ts";
import { readRulesets } from "./read-rulesets.ts";

const SYS = "/proc/sys/";
const HAS_IPV6_ROUTES = /^(?:[a-z]+ )?[0-9a-f]*:[0-9a-f:.]*(?:\/\d+)? /m;

/** Facts of one namespace from what was read of it; everything that could not be had is unknown, with the reason. */
export function readNetns(readings: Readings): Netns {
  const { rulesets, sets } = readRulesets(readings);
  const links = readLinks(readings);
  return {
    id: readings.id,
    node: readings.node,
    name: readings.name,
    path: readings.path,
    given: [],
    links,
    routes: readRoutes(readings, links),
    rules: withOptional(
      readings.parse("ip-rule", phrase("ipv4-policy-rules"), [], (text, source) => parsePolicyRules(text, source, 4)),
      readings.parse("ip-6-rule", phrase("ipv6-policy-rules"), [], (text, source) => parsePolicyRules(text, source, 6)),
    ),
    neighbours: withOptional(
      readings.parse("ip-neigh", phrase("neighbours"), [], parseNeighbours),
      readings.parse("ip-neigh-proxy", phrase("proxied-neighbours"), [], parseNeighbours),
    ),
    fdb: readings.parse("bridge-fdb", phrase("forwarding-entries"), [], parseFdb),
    rulesets,
    sets,
    sysctls: readings.parse("sysctl-net", phrase("sysctls"), [], (text, source) =>
      parseSysctls(sysctlLines(text), source),
    ),
    sockets: readings.parse("ss", phrase("sockets"), [], parseSockets),
    virtualServers: readings.parse("ip-vs", phrase("virtual-servers"), [], parseIpVs),
    conntrack: readConntrack(readings),
    counters: readCounters(readings),
    linkCounters: readings.parse("proc-net-dev", phrase("link-counters"), new Map(), parseLinkCounters),
  };
}

/** A namespace of which nothing is known. */
export function unreadNetns(place: Pick<Netns, "id" | "node" | "name">, why: Phrase): Netns {
  const nothing = unknown(why);
  return {
    ...place,
    path: null,
    given: [],
    links: nothing,
    routes: nothing,
    rules: nothing,
    neighbours: nothing,
    fdb: nothing,
    rulesets: nothing,
    sets: nothing,
    sysctls: nothing,
    sockets: nothing,
    virtualServers: nothing,
    conntrack: nothing,
    counters: nothing,
    linkCounters: nothing,
  };
}

/** From `ip -d addr` alone, or, in recordings, `ip -d link` joined with `ip addr`: links without addresses are no facts. */
function readLinks(readings: Readings): Netns["links"] {
  const addresses = readings.whole("ip-addr");
  const details = readings.whole("ip-link");
  if (addresses.known && details.known) {
    const { text, source } = addresses.value;
    return readings.parse("ip-link", phrase("links"), [], (linkText, from) => parseLinks(linkText, from, text, source));
  }
  return readings.parse("ip-addr", phrase("links"), [], (text, source) => parseLinks(text, source, null, null));
}

/**
 * The local routes of lo are there as long as it is up (fib_add_ifaddr in net/ipv4/fib_frontend.c): no line at all was never printed.
 *
 * Without -4, as in older recordings, `ip route show table all` prints both families: then IPv6 routes would be
 * there twice.
 */
function readRoutes(readings: Readings, links: Netns["links"]): Known<Table<Route>> {
  const first = readings.parse("ip-route", phrase("routes"), [], (text, source) =>
    parseRoutes(text, source, HAS_IPV6_ROUTES.test(text) ? null : 4),
  );
  if (
    first.known &&
    first.value.length === 0 &&
    links.known &&
    links.value.some(({ name, up }) => name === "lo" && up)
  ) {
    readings.note(phrase("routes"), EMPTY_OUTPUT);
    return unknown(EMPTY_OUTPUT);
  }
  if (first.known && first.value.some((route) => route.dst.family === 6) && !readings.whole("ip-6-route").known)
    return first;
  const second = readings.parse("ip-6-route", phrase("ipv6-routes"), [], (text, source) =>
    parseRoutes(text, source, 6),
  );
  if (!first.known || !second.known) return first;
  return known([...first.value.filter((route) => route.dst.family === 4), ...second.value]);
}

/** Both families in one, where the kernel's own file was read, and in older recordings. */
function readConntrack(readings: Readings): Netns["conntrack"] {
  const first = readings.parse("conntrack", phrase("tracked-connections"), [], parseConntrack);
  if (!first.known || first.value.some(({ original }) => original.src.family === 6)) return first;
  return withOptional(first, readings.parse("conntrack-6", phrase("tracked-ipv6-connections"), [], parseConntrack));
}

function readCounters(readings: Readings): Netns["counters"] {
  const snmp = readings.parse("proc-net-snmp", phrase("protocol-counters"), new Map(), parseCounters);
  if (!snmp.known) return snmp;
  const counters = new Map(snmp.value);
  for (const [command, parser] of [
    ["proc-net-netstat", parseCounters],
    ["proc-net-snmp6", parseCounters],
    ["conntrack-stats", parseConntrackStats],
  ] as const) {
    const whole = readings.whole(command);
    if (!whole.known) continue;
    for (const [name, value] of parser(whole.value.text, whole.value.source).value) counters.set(name, value);
  }
  return known(counters);
}

/** `/proc/sys/net/ipv4/conf/flannel.1/forwarding:1` of `grep -r`, line for line as sysctl prints it. No link's name has a colon. */
function sysctlLines(text: string): string {
  if (!text.startsWith(SYS)) return text;
  return text
    .split("\n")
    .map((line) => {
      const colon = line.indexOf(":");
      return colon < 0 ? line : `${keyOf(line.slice(SYS.length, colon))} = ${line.slice(colon + 1)}`;
    })
    .join("\n");
}

function keyOf(path: string): string {
  return path.replaceAll(/[./]/g, (char) => (char === "." ? "/" : "."));
}

/** The first alone where the second could not be read, IPv6 for one: a kernel without it has none, and the gap is noted. */
function withOptional<T>(main: Known<Table<T>>, more: Known<Table<T>>): Known<Table<T>> {
  return main.known && more.known ? known([...main.value, ...more.value]) : main;
}
