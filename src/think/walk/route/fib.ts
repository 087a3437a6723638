import type { Netns, Nexthop, PolicyRule, Route } from "../../../facts/netns.ts";
import { isLocalAddress, routesCovering } from "../../../facts/lookup/routes.ts";
import { confKey, sysctlNamed } from "../../../facts/lookup/sysctls.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Provenance } from "../../../facts/provenance.ts";
import type { Read } from "../reads.ts";
import type { RouteKey } from "./decision.ts";
import { inPriorityOrder, ruleMatches } from "./policy-rules.ts";
import { policyRuleText } from "./words.ts";

/** What fib_lookup answers. `reads`: the questions that the answer rests on. */
export type FibAnswer =
  | {
      readonly is: "route";
      readonly route: Route;
      /** Those that may be used; several mean that a hash of the flow chooses. */
      readonly nexthops: readonly Nexthop[];
      readonly reads: readonly Read[];
    }
  | { readonly is: "none"; readonly reads: readonly Read[] }
  | {
      readonly is: "refused";
      readonly as: "blackhole" | "unreachable" | "prohibit";
      /** Null where a policy rule refuses. */
      readonly route: Route | null;
      readonly text: string;
      readonly because: Provenance;
      readonly reads: readonly Read[];
    }
  | {
      readonly is: "unknown";
      readonly why: Phrase;
      readonly because: Provenance | null;
      readonly reads: readonly Read[];
    };

/** fib_lookup (net/ipv4/fib_rules.c), fib6_rule_lookup. Every table consulted is asked for, misses too. */
export function lookUpRoute(netns: Netns, key: RouteKey, ask: (read: Read) => void): FibAnswer {
  const reads: Read[] = [];
  const record = (read: Read) => {
    reads.push(read);
    ask(read);
  };
  const notKnown = (why: Phrase, because: Provenance | null = null): FibAnswer => ({
    is: "unknown",
    why,
    because,
    reads,
  });
  const rulesRead: Read = { of: "policy-rules", netns: netns.id };
  record(rulesRead);
  if (!netns.rules.known) return notKnown(phrase("policy-rules-unknown", { netns: netns.id, why: netns.rules.why }));
  if (!netns.routes.known) return notKnown(phrase("routes-unknown", { netns: netns.id, why: netns.routes.why }));

  const rules = inPriorityOrder(netns.rules.value);
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at] as PolicyRule;
    const matches = ruleMatches(rule, key, netns);
    if (matches === false) continue;
    if (matches === null) return notKnown(phrase("policy-rule-opaque", { rule: policyRuleText(rule) }), rule.because);
    const { action } = rule;
    if (action.do === "nop") continue;
    if (action.do === "goto") {
      // Only forwards (fib_nl_newrule refuses others), so this ends.
      const target = rules.findIndex((r, i) => i > at && r.priority >= action.priority);
      if (target < 0) break;
      at = target - 1;
      continue;
    }
    if (action.do !== "lookup") {
      const text = policyRuleText(rule);
      return { is: "refused", as: action.do, route: null, text, because: rule.because, reads };
    }
    record({ of: "route", netns: netns.id, table: action.table, dst: key.dst });
    const found = lookUpTable(netns, netns.routes.value, action.table, key, record);
    if (found === null || found.route.type === "throw") continue;
    const { type } = found.route;
    if (type === "blackhole" || type === "unreachable" || type === "prohibit") {
      return { is: "refused", as: type, route: found.route, text: type, because: found.route.because, reads };
    }
    // fib_rules_lookup suppresses what a table found, not its refusal.
    if (rule.suppressPrefixLength !== null && found.route.dst.length <= rule.suppressPrefixLength) continue;
    return { is: "route", ...found, reads };
  }
  return { is: "none", reads };
}

/** fib_table_lookup: the longest prefix whose route has a usable next hop; others fall through to shorter ones. */
function lookUpTable(
  netns: Netns,
  routes: readonly Route[],
  table: number,
  key: RouteKey,
  record: (read: Read) => void,
) {
  for (const route of routesCovering(routes, table, key.dst)) {
    if (route.tos !== 0) continue;
    if (["blackhole", "unreachable", "prohibit", "throw"].includes(route.type)) return { route, nexthops: [] };
    const nexthops = route.nexthops.filter((hop) => mayUse(netns, hop, key, record)).map((hop) => asUsed(routes, hop));
    if (nexthops.length > 0 || (route.type === "local" && key.oif === null)) return { route, nexthops };
  }
  return null;
}

/**
 * A gateway that is an address of one's own has no link's scope, and a route by it leads to the destination itself
 * (fib_check_nh_v4_gw, rt_set_nexthop). IPv6 takes no such route (ip6_validate_gw).
 */
function asUsed(routes: readonly Route[], hop: Nexthop): Nexthop {
  return hop.via?.family === 4 && isLocalAddress(routes, hop.via) ? { ...hop, via: null } : hop;
}

/** fib_lookup_good_nhc: not dead, not without carrier where that is to be ignored, through the wanted link. */
function mayUse(netns: Netns, hop: Nexthop, key: RouteKey, record: (read: Read) => void): boolean {
  if (key.oif !== null && hop.dev !== null && hop.dev !== key.oif) return false;
  const isLame = hop.flags.includes("dead") || hop.flags.includes("linkdown");
  if (isLame && hop.dev !== null) record({ of: "link", netns: netns.id, name: hop.dev });
  if (hop.flags.includes("dead")) return false;
  return !(hop.flags.includes("linkdown") && ignoresLinkdown(netns, hop.dev, key.dst.family));
}

function ignoresLinkdown(netns: Netns, dev: string | null, family: 4 | 6): boolean {
  if (dev === null || !netns.sysctls.known) return false;
  const sysctls = netns.sysctls.value;
  return [
    confKey(family, "all", "ignore_routes_with_linkdown"),
    confKey(family, dev, "ignore_routes_with_linkdown"),
  ].some((k) => sysctlNamed(sysctls, k)?.value === "1");
}

/** Is a link one of those that a route leaves through? (fib_info_nh_uses_dev) Null where a next hop was not printed. */
export function leavesThrough(route: Route, dev: string): boolean | null {
  if (route.nexthops.some((h) => h.dev === dev)) return true;
  return route.nexthops.some((h) => h.dev === null) ? null : false;
}
