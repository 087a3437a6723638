import { z } from "zod";
import { type Answer, type Look, linesOf, said } from "../kind.ts";
import { netfilterName, netnsParam } from "../params.ts";
import { bareRule } from "../text/rule-words.ts";
import { lookAtNftChain, seeNftChain } from "./nft-chain.ts";

export const chainParams = z.object({
  backend: z.enum(["iptables-nft", "iptables-legacy", "nft"]),
  family: z.enum(["ip", "ip6", "inet", "bridge", "netdev", "arp"]),
  table: netfilterName,
  chain: netfilterName,
  netns: netnsParam,
});
export type ChainParams = z.infer<typeof chainParams>;

/** One chain as it is: `handles` beside `rules` for nft, else empty. */
export const chainImage = z.object({
  /** The program that serves this backend here: `iptables-nft`, or `iptables` where it is that. */
  tool: z.string().regex(/^(ip6?tables(-nft|-legacy)?|nft)$/),
  exists: z.boolean(),
  policy: z.string().nullable(),
  rules: z.array(z.string()),
  handles: z.array(z.string().regex(/^\d+$/)),
  /** Beside `rules`, as the facts word them: those of nft are read from its JSON. Empty for iptables, where both are one. */
  spoken: z.array(z.string()),
});
export type ChainImage = z.infer<typeof chainImage>;

/**
 * Prints the program of a backend, then what its -save prints. No `-t`: iptables-legacy-save would make the table.
 * iptables before 1.8 does not name its backend: it is legacy. Never 127: that would say that there is no sh.
 */
const SAVE = `tool=$1 backend=$2
if ! command -v "$tool-$backend-save" >/dev/null 2>&1; then
  command -v "$tool-save" >/dev/null 2>&1 || { echo "no $tool-$backend-save" >&2; exit 1; }
  case $("$tool" --version) in *nf_tables*) is=nft ;; *) is=legacy ;; esac
  [ "$is" = "$backend" ] || { echo "$tool is $is" >&2; exit 1; }
  echo "$tool" && exec "$tool-save"
fi
echo "$tool-$backend" && exec "$tool-$backend-save"`;

export function lookAtChain(p: ChainParams): Look[] {
  if (p.backend === "nft") return lookAtNftChain(p);
  return [{ argv: ["sh", "-c", SAVE, "sh", toolOf(p), p.backend.slice("iptables-".length)] }];
}

function toolOf(p: ChainParams): "iptables" | "ip6tables" {
  return p.family === "ip6" ? "ip6tables" : "iptables";
}

/** `iptables-nft:filter/FORWARD`, as verdicts name it. */
export function placeText(p: ChainParams): string {
  return `${p.backend}:${p.table}/${p.chain}`;
}

/** As people would type it; the node may have it under its plain name. */
export function programOf(p: ChainParams): string {
  return p.backend === "nft" ? "nft" : `${toolOf(p)}-${p.backend.slice("iptables-".length)}`;
}

export function seeChain(p: ChainParams, answers: readonly Answer[]): ChainImage {
  return p.backend === "nft" ? seeNftChain(p, answers) : seeSavedChain(p, said(answers));
}

function seeSavedChain(p: ChainParams, text: string): ChainImage {
  const [tool = "", ...lines] = linesOf(text);
  const rules: string[] = [];
  let policy: string | null = null;
  let exists = false;
  let table = "";
  const start = `-A ${p.chain} `;
  for (const line of lines) {
    if (line.startsWith("*")) table = line.slice(1);
    else if (table !== p.table) continue;
    else if (line.startsWith(`:${p.chain} `)) {
      exists = true;
      const said = line.split(" ")[1] ?? "-";
      policy = said === "-" ? null : said;
    } else {
      const rule = bareRule(line);
      if (rule.startsWith(start) || rule === start.trim()) rules.push(rule);
    }
  }
  return { tool, exists, policy, rules, handles: [], spoken: [] };
}
