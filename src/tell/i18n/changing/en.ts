import type { ChangingPhrases } from "../../../facts/phrases/changing.ts";
import { many } from "../counted.ts";
import type { PhraseWords } from "../phrases.ts";

/** What stands in the way of a repair, or of taking one back. */
export const changing: PhraseWords<ChangingPhrases> = {
  absent: () => "absent",
  unchanged: () => "unchanged",
  "no-chain": (p) => `no chain ${p.chain}`,
  "no-policy": () => "no policy",
  "no-one-place": (p) => `${p.chain} does not hold exactly one ${p.rule}, which the rule is to precede`,
  "place-gone": (p) => `${p.chain} has ${many(p.count, "rule")}, the place of #${p.number} is gone`,
  "chain-lacks": (p) => `${p.chain} lacks ${p.rule}`,
  "chain-has": (p) => `${p.chain} has ${p.rule}`,
  "route-goes": (p) =>
    `whoever forwards takes no router's advertisements: this default route goes: ${p.route}. To keep it, first: sysctl -w ${p.key}=2, and with --persist that in a file too`,
  "not-put-back": (p) => `not to be put back: ${p.rule}`,
  was: (p) => `${p.now}, was ${p.before}`,
  "key-absent": (p) => `${p.key} is absent`,
  "no-bridge-port": () => "not a port of a bridge",
  "no-spec": () => "no .spec",
  "no-port": (p) => `no port ${p.port}`,
  "chain-changed": () => "the chain changed while it was read",
  "file-changed": () => "a sysctl file changed while it was read",
  "journal-changed": () => "the journal changed while it was read",
  "node-unreachable": () => "unreachable",
  about: (p) => `${p.object}: ${p.what}`,
  several: (p) => p.parts.join("; "),
  "diagnosed-as": (p) => `the diagnosis says ${p.outcome}`,
  "no-more-than": (p) => `it is ${p.confidence}`,
  "without-cause": () => "no cause was found",
};
