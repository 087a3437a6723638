import { z } from "zod";
import { type Act, type Answer, type Look, linesOf, ReadFailure, said, type UndoView } from "../kind.ts";
import { linkName, netnsParam } from "../params.ts";
import { addressWords, mentionsDev, routeArgv, routeWords, wordsOf } from "../text/ip-words.ts";
import { neighbourArgv } from "./neighbour-line.ts";

export const linkParams = z.object({ link: linkName, netns: netnsParam });
export type LinkParams = z.infer<typeof linkParams>;

/** A link with all that the kernel drops when it goes down, or when its MTU falls below 1280 (addrconf_ifdown). */
export const linkImage = z.object({
  up: z.boolean(),
  mtu: z.number().int(),
  addresses: z.array(z.string()),
  routes4: z.array(z.string()),
  routes6: z.array(z.string()),
  neighbours: z.array(z.string()),
});
export type LinkImage = z.infer<typeof linkImage>;

export function lookAtLink({ link }: LinkParams): Look[] {
  return [
    { argv: ["ip", "-o", "link", "show", "dev", link] },
    { argv: ["ip", "-o", "addr", "show", "dev", link] },
    // With `dev` as a filter, routes of several nexthops are left out.
    { argv: ["ip", "-o", "-4", "route", "show", "table", "all"] },
    { argv: ["ip", "-o", "-6", "route", "show", "table", "all"] },
    { argv: ["ip", "-o", "neigh", "show", "dev", link, "nud", "permanent"] },
  ];
}

/** The kernel makes these of an address, for IPv6 after its duplicate address detection: they are not ours to add. */
function comesWithAddress(line: string): boolean {
  return / table local /.test(line) && / proto kernel /.test(line);
}

export function seeLink({ link }: LinkParams, answers: readonly Answer[]): LinkImage {
  const shown = said(answers);
  const flags = /<([^>]*)>/.exec(shown)?.[1]?.split(",");
  const mtu = /\bmtu (\d+)\b/.exec(shown)?.[1];
  if (flags === undefined || mtu === undefined) throw new ReadFailure(shown.trim().slice(0, 200));
  const routes = (n: number) =>
    linesOf(said(answers, n))
      .filter((line) => mentionsDev(line, link) && !comesWithAddress(line))
      .map((line) => routeWords(line).join(" "));
  return {
    up: flags.includes("UP"),
    mtu: Number(mtu),
    addresses: linesOf(said(answers, 1)).flatMap((line) => {
      const address = addressWords(line);
      return address === null ? [] : [`${address.family} ${address.words.join(" ")}`];
    }),
    routes4: routes(2),
    // A host without IPv6 has no such table.
    routes6: answers[3]?.status === 0 ? routes(3) : [],
    neighbours: answers[4]?.status === 0 ? linesOf(answers[4].stdout) : [],
  };
}

type Lines = "addresses" | "routes4" | "routes6" | "neighbours";

/**
 * What was there before and is not now. A line that our change left in its place, and that was gone when the undo began,
 * somebody else took or replaced since (a CNI its neighbour, the kernel an address whose lifetime ended): it stays gone.
 */
function lost({ before, after, first, present }: UndoView<LinkImage>, of: Lines): string[] {
  const isTakenByOthers = (line: string) => after[of].includes(line) && !first[of].includes(line);
  return before[of].filter((line) => !present[of].includes(line) && !isTakenByOthers(line));
}

/** Puts back what is lost; the rest of the world is left alone. */
export function missingOf({ link }: LinkParams, view: UndoView<LinkImage>): Act[] {
  const addresses = lost(view, "addresses");
  // Addresses bring routes of their own: those are looked at in the next round.
  if (addresses.length > 0) {
    return addresses.map((line) => {
      const [family, ...words] = wordsOf(line);
      return { argv: ["ip", `-${family}`, "addr", "add", ...words, "dev", link], tolerated: true };
    });
  }
  return [
    ...lost(view, "routes4").map((line): Act => ({ argv: routeArgv("add", 4, line), tolerated: true })),
    ...lost(view, "routes6").map((line): Act => ({ argv: routeArgv("add", 6, line), tolerated: true })),
    ...lost(view, "neighbours").map((line): Act => ({ argv: neighbourArgv(line, link), tolerated: true })),
  ];
}

export function lostLines(view: UndoView<LinkImage>): string[] {
  return (["addresses", "routes4", "routes6", "neighbours"] as const).flatMap((of) => lost(view, of));
}
