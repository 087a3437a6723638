import { runIn, tryRunIn } from "../netns.ts";

/** States of the link that a route leads to, which are none of its words. */
const STATES = / (?:dead|linkdown)\b/g;

/** The main table's routes of one prefix, as `ip route show` prints them, which is also how `ip route add` takes them. */
export async function readRoutes(netns: string, prefix: string): Promise<readonly string[]> {
  const text = await runIn(netns, ["ip", "-4", "route", "show", "exact", prefix]);
  return text
    .split("\n")
    .map((line) => line.replace(STATES, "").trim())
    .filter((line) => line !== "");
}

/** Those routes and no others. */
export async function restoreRoutes(netns: string, prefix: string, wanted: readonly string[]): Promise<void> {
  const now = await readRoutes(netns, prefix);
  for (const line of now.filter((one) => !wanted.includes(one))) await tryRunIn(netns, ip("del", line));
  for (const line of wanted.filter((one) => !now.includes(one))) await runIn(netns, ip("add", line));
}

function ip(verb: "add" | "del", line: string): string[] {
  return ["ip", "-4", "route", verb, ...line.split(/\s+/)];
}
