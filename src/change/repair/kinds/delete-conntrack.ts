import { z } from "zod";
import { parseIp } from "../../../facts/ip.ts";
import { phrase } from "../../../facts/phrase.ts";
import { defineKind, linesOf, ReadFailure } from "../kind.ts";
import { netnsParam } from "../params.ts";

const params = z.object({ original: z.string().min(1).max(2048), netns: netnsParam }).refine(({ original }) => {
  const tuple = tupleIn(original);
  return tuple !== null && parseIp(tuple.src) !== null && parseIp(tuple.dst) !== null;
}, "no original tuple");
type Params = z.infer<typeof params>;

const image = z.object({ entries: z.array(z.string()) });
type Image = z.infer<typeof image>;

interface OriginalTuple {
  readonly protocol: string;
  readonly src: string;
  readonly dst: string;
  readonly sport: string | null;
  readonly dport: string | null;
}

/** The first direction of a line of `conntrack -L` or of /proc/net/nf_conntrack. */
function tupleIn(line: string): OriginalTuple | null {
  const protocol = /(?:^|\s)(tcp|udp|icmp|icmpv6|sctp|dccp|udplite|gre)\b/.exec(line)?.[1];
  const first = (key: string) => new RegExp(`(?:^|\\s)${key}=([0-9a-fA-F.:]+)`).exec(line)?.[1] ?? null;
  const [src, dst] = [first("src"), first("dst")];
  if (protocol === undefined || src === null || dst === null) return null;
  return { protocol, src, dst, sport: first("sport"), dport: first("dport") };
}

function filterOf(p: Params): string[] {
  const tuple = tupleIn(p.original);
  if (tuple === null) return [];
  return [
    ...["-f", tuple.src.includes(":") ? "ipv6" : "ipv4", "-p", tuple.protocol, "-s", tuple.src, "-d", tuple.dst],
    ...(tuple.sport === null ? [] : ["--sport", tuple.sport]),
    ...(tuple.dport === null ? [] : ["--dport", tuple.dport]),
  ];
}

/** The way back, which is what a stale entry has wrong. */
function replyOf(line: string): string {
  return (line.split(/\bsrc=/)[2] ?? "").replace(/\[\w+\]|\b(mark|use|secctx|zone|delta-time)=\S+/g, "").trim();
}

/** Entries are the kernel's cache of what rules and routes say: it makes a new one for the next packet. */
export const deleteConntrack = defineKind<Params, Image>({
  id: "delete-conntrack",
  on: "node",
  volatile: true,
  params,
  image,
  fromEdit: (edit) => (edit.do === "delete-conntrack" ? { original: edit.original } : null),
  commands: (p) => [["conntrack", "-D", ...filterOf(p)]],
  looks: (p) => [{ argv: ["conntrack", "-L", ...filterOf(p)] }],
  see(_, [answer]) {
    // Older ones exit with 1 when nothing was found.
    if (
      answer === undefined ||
      answer.status === null ||
      (answer.status !== 0 && !/ 0 flow entries/.test(answer.stderr))
    ) {
      throw new ReadFailure(answer?.stderr.trim() || phrase("no-answer"));
    }
    return { entries: linesOf(answer.stdout).filter((line) => tupleIn(line) !== null) };
  },
  object: (p) => `conntrack ${p.original}`,
  judge(_, { entries }, __, before) {
    if (entries.length === 0) return "as-wanted";
    if (before === null) return "as-found";
    const stale = entries.filter((line) => before.entries.some((old) => replyOf(old) === replyOf(line)));
    return stale.length === 0 ? "as-wanted" : { other: stale[0] ?? "" };
  },
  acts: (p) => [{ argv: ["conntrack", "-D", ...filterOf(p)] }],
  disturbed: () => [],
  undo: () => [],
  remaining: () => [],
});
