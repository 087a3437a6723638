/**
 * The words of a rule as iptables-save prints it: xtables_save_string (libxtables/xtables.c) quotes with `"` and puts a
 * backslash before `"`, `'` and itself; iptables-restore reads it so (add_param_to_argv). Null when a quote stays open.
 */
export function ruleWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i] as string;
    if (quoted) {
      if (sign === '"') quoted = false;
      else if (sign === "\\" && i + 1 < text.length) word += text[++i] as string;
      else word += sign;
    } else if (sign === '"') {
      quoted = true;
      word ??= "";
    } else if (sign === " " || sign === "\t") {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + sign;
  }
  if (quoted) return null;
  if (word !== null) words.push(word);
  return words;
}

/** `[12:3400] -A FORWARD …` and `-A FORWARD … ` as one. */
export function bareRule(text: string): string {
  return text
    .trim()
    .replace(/^\[\d+:\d+\]\s*/, "")
    .trim();
}

/** A rule of nft without its counter's values and its handle. */
export function bareNftRule(text: string): string {
  return text
    .replace(/\s*# handle \d+\s*$/, "")
    .replace(/\bcounter packets \d+ bytes \d+/g, "counter")
    .replace(/\s+/g, " ")
    .trim();
}
