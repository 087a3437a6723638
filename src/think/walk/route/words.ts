import type { Nexthop, PolicyRule, Route } from "../../../facts/netns.ts";
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN } from "../../../facts/lookup/routes.ts";

export function tableName(table: number): string {
  if (table === TABLE_MAIN) return "main";
  if (table === TABLE_LOCAL) return "local";
  return table === TABLE_DEFAULT ? "default" : String(table);
}

/** A route as `ip route` prints it: `10.42.0.0/24 via 10.42.0.0 dev flannel.1 onlink`. */
export function routeText(route: Route, nexthop: Nexthop | null = null): string {
  const words: string[] = route.type === "unicast" ? [] : [route.type];
  const bits = route.dst.family === 4 ? 32 : 128;
  if (route.dst.length === 0) words.push("default");
  else words.push(route.dst.length === bits ? route.dst.text.replace(/\/\d+$/, "") : route.dst.text);
  for (const hop of nexthop === null ? route.nexthops : [nexthop]) {
    if (route.nexthops.length > 1) words.push("nexthop");
    if (hop.encap !== null) words.push("encap", hop.encap);
    if (hop.via !== null) words.push("via", hop.via.text);
    if (hop.dev !== null) words.push("dev", hop.dev);
    if (route.nexthops.length > 1) words.push("weight", String(hop.weight));
    words.push(...hop.flags);
  }
  if (route.table !== TABLE_MAIN) words.push("table", tableName(route.table));
  if (route.src !== null) words.push("src", route.src.text);
  if (route.metric !== 0) words.push("metric", String(route.metric));
  return words.join(" ");
}

/** A policy rule as `ip rule` prints it. */
export function policyRuleText(rule: PolicyRule): string {
  const words = [`${rule.priority}:`];
  if (rule.invert) words.push("not");
  words.push("from", rule.from?.text ?? "all");
  if (rule.to !== null) words.push("to", rule.to.text);
  if (rule.fwmark !== null) {
    words.push("fwmark", `0x${rule.fwmark.value.toString(16)}/0x${rule.fwmark.mask.toString(16)}`);
  }
  if (rule.iif !== null) words.push("iif", rule.iif);
  if (rule.oif !== null) words.push("oif", rule.oif);
  words.push(...rule.unknown);
  if (rule.action.do === "lookup") words.push("lookup", tableName(rule.action.table));
  else if (rule.action.do === "goto") words.push("goto", String(rule.action.priority));
  else words.push(rule.action.do);
  return words.join(" ");
}
