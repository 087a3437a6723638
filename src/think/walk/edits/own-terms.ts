import { parsePrefix } from "../../../facts/ip.ts";
import { indexedBy } from "../../../facts/lookup/table-index.ts";
import type { Netns } from "../../../facts/netns.ts";
import { linksOf } from "../../../facts/world.ts";

/**
 * A rule's text with the machine's own networks and addresses named as such. What a CNI writes on every node, each about its own
 * pods (flannel's `! -s CLUSTER -d OWN -j RETURN`, a bridge's `-s OWN -j MASQUERADE`), is one rule in these terms.
 */
export function inOwnTerms(netns: Netns, text: string): string {
  const terms = ownTerms(netns);
  return text.replaceAll(ADDRESSES, (word) => terms.get(parsePrefix(word)?.text ?? "") ?? word);
}

/** Whole words of an address or a prefix, as rules write them. */
const ADDRESSES = /(?<=^|\s)[0-9a-f:]*[.:][0-9a-f.:]+(?:\/\d{1,3})?(?=\s|$)/gi;

const ownTerms = indexedBy((netns: Netns): ReadonlyMap<string, string> => {
  const terms = new Map<string, string>();
  for (const { addresses } of linksOf(netns)) {
    for (const { ip, prefix, scope } of addresses) {
      if (scope !== "global") continue;
      terms.set(parsePrefix(ip.text)?.text ?? ip.text, "OWN-ADDRESS");
      if (prefix.length < (ip.family === 4 ? 32 : 128)) terms.set(prefix.text, "OWN-NETWORK");
    }
  }
  return terms;
});
