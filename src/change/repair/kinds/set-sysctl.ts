import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
import { type Act, defineKind, linesOf, type UndoView } from "../kind.ts";
import { purgesAdvertised, sparesAdvertised } from "../../../think/walk/edits/sysctl-keys.ts";
import { netnsParam } from "../params.ts";
import { sysctlFile, sysctlKey } from "../text/sysctl-key.ts";
import { routeArgv, routeWords, wordAfter, wordsOf } from "../text/ip-words.ts";

/** Only the network's keys: a verdict must not be a way to kernel.core_pattern. */
const params = z.object({
  key: z
    .string()
    .regex(/^net\.[^\s=.*?[\]]+(\.[^\s=.*?[\]]+)+$/)
    .refine((key) => !key.split(/[./]/).includes("")),
  value: z.string().regex(/^[\x21-\x7e]([\x20-\x7e\t]{0,255})$/),
  netns: netnsParam,
});
type Params = z.infer<typeof params>;

const image = z.object({
  values: z.record(z.string(), z.string()),
  /**
   * IPv6 routes learnt from router advertisements, with what is left of their lifetime: forwarding purges the default ones
   * (rt6_purge_dflt_routers).
   */
  advertised: z.array(z.string()),
});
type Image = z.infer<typeof image>;

/** Patterns below /proc/sys as arguments; an interface's name is expanded by the shell, never split by it. */
const READ_KEYS = "cd /proc/sys || exit 1\nIFS=\nfor pattern; do grep -sH '' $pattern; done\nexit 0";

/**
 * Every key that a write of `key` can move. net.ipv4.ip_forward and conf.all.forwarding rewrite each interface's flag,
 * conf.default's and conf.all.accept_redirects (inet_forward_change); conf.default.X reaches interfaces that were never
 * set themselves (devinet_copy_dflt_conf); conf.all.X of IPv6 reaches every interface.
 */
function movedBy(key: string): string[] {
  const conf = /^net\.(ipv[46])\.conf\.[^.]+\.([^.]+)$/.exec(key);
  if (key === "net.ipv4.ip_forward" || conf?.[1] === "ipv4") {
    return ["net/ipv4/ip_forward", ...confFiles("ipv4", ["forwarding", "accept_redirects", conf?.[2]])];
  }
  if (conf?.[1] === "ipv6") {
    return confFiles("ipv6", ["forwarding", "force_forwarding", "accept_redirects", "accept_ra", conf[2]]);
  }
  return [sysctlFile(key)];
}

function confFiles(family: string, leaves: readonly (string | undefined)[]): string[] {
  return [...new Set(leaves)].filter((leaf) => leaf !== undefined).map((leaf) => `net/${family}/conf/*/${leaf}`);
}

function movesAdvertised(key: string): boolean {
  return key.startsWith("net.ipv6.conf.");
}

/** Where somebody else changed a key since, theirs stays; else what was before. */
function targets({ before, after, first }: UndoView<Image>): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const [key, now] of Object.entries(first.values)) {
    const was = before.values[key];
    if (was === undefined) continue;
    wanted.set(key, now === after.values[key] ? was : now);
  }
  return wanted;
}

function write(key: string, value: string): Act {
  return { argv: ["sysctl", "-w", `${key}=${value}`] };
}

function differing(view: UndoView<Image>): [string, string][] {
  return [...targets(view)].filter(([key, want]) => {
    const now = view.present.values[key];
    return now !== undefined && now !== want;
  });
}

/** Advertised routes that the change purged, of links that are still there. What others took since stays away. */
function purged({ before, after, first, present }: UndoView<Image>): string[] {
  const has = ({ advertised }: Image, route: string) => advertised.some((line) => routeOf(line) === route);
  return before.advertised.filter((line) => {
    const route = routeOf(line);
    const dev = wordAfter(wordsOf(line), "dev");
    const isOfLink = dev === null || Object.hasOwn(first.values, sysctlKey(`net/ipv6/conf/${dev}/forwarding`));
    return isOfLink && !has(present, route) && (has(first, route) || !has(after, route));
  });
}

function purgedBy(p: Params, { values, advertised }: Image): string[] {
  if (!purgesAdvertised(p.key, p.value)) return [];
  const isDefault = (line: string) => wordsOf(line)[0] === "default";
  return advertised.filter((line) => isDefault(line) && !sparesAdvertised(values[acceptRaOf(line)]));
}

function acceptRaOf(route: string): string {
  return sysctlKey(`net/ipv6/conf/${wordAfter(wordsOf(route), "dev")}/accept_ra`);
}

/** `ip route show proto ra` leaves these two words out. */
function advertise(line: string): Act {
  const [prefix = "", ...rest] = wordsOf(line);
  return { argv: routeArgv("add", 6, [prefix, "proto", "ra", ...rest].join(" ")), tolerated: true };
}

/** The same route, however long it still lives. */
function routeOf(line: string): string {
  return routeWords(line).join(" ");
}

export const setSysctl = defineKind<Params, Image>({
  id: "set-sysctl",
  on: "node",
  params,
  image,
  fromEdit: (edit) => (edit.do === "set-sysctl" ? { key: edit.key, value: edit.value } : null),
  commands: (p) => [["sysctl", "-w", `${p.key}=${p.value}`]],
  looks: (p) => [
    { argv: ["sh", "-c", READ_KEYS, "sh", ...movedBy(p.key)] },
    ...(movesAdvertised(p.key) ? [{ argv: ["ip", "-o", "-6", "route", "show", "table", "all", "proto", "ra"] }] : []),
  ],
  see(_, answers) {
    const values: Record<string, string> = {};
    for (const line of (answers[0]?.stdout ?? "").split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0)
        values[sysctlKey(line.slice(0, colon))] ??= line
          .slice(colon + 1)
          .trim()
          .replace(/\s+/g, " ");
    }
    const ra = answers[1];
    return {
      values,
      // One whose lifetime is over waits for the garbage collector: nothing uses it.
      advertised: ra?.status === 0 ? linesOf(ra.stdout).filter((line) => !/ expires -\d/.test(line)) : [],
    };
  },
  object: (p) => (p.key === "net.ipv4.conf.all.forwarding" ? "net.ipv4.ip_forward" : p.key),
  judge(p, { values }, found) {
    const now = values[p.key];
    if (now === undefined) return { other: phrase("absent") };
    if (now === p.value.replace(/\s+/g, " ")) return "as-wanted";
    return found === null || found === undefined || now === found.trim().replace(/\s+/g, " ")
      ? "as-found"
      : { other: now };
  },
  losses: (p, seen) => purgedBy(p, seen).map((route) => phrase("route-goes", { route, key: acceptRaOf(route) })),
  acts: (p) => [write(p.key, p.value)],
  disturbed(p, { before, after, first }) {
    const now = first.values[p.key];
    return now === after.values[p.key] || now === before.values[p.key]
      ? []
      : [now === undefined ? phrase("key-absent", { key: p.key }) : `${p.key} = ${now}`];
  },
  undo(p, view) {
    const wrong = differing(view);
    // The global key first: it rewrites all the others.
    const own = wrong.find(([key]) => key === p.key);
    if (own !== undefined) return [write(...own)];
    return [
      ...wrong.filter(([key]) => !isGlobalSwitch(key)).map(([key, value]) => write(key, value)),
      ...purged(view).map(advertise),
    ];
  },
  remaining: (_, view) => [
    ...differing(view).map(([key, want]) =>
      phrase("was", { now: `${key} = ${view.present.values[key]}`, before: want }),
    ),
    ...purged(view).map((route) => phrase("not-put-back", { rule: route })),
  ],
});

/** Writing one of these would rewrite what was just restored; they follow the key that was changed. */
function isGlobalSwitch(key: string): boolean {
  return key === "net.ipv4.ip_forward" || /^net\.ipv[46]\.conf\.all\.forwarding$/.test(key);
}
