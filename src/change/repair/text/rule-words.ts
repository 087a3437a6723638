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

/** All that iptables-save prints of a rule but the options of its matches and its target, which are long. */
const OWN_OPTIONS = /^-[sdiopfmjg]$/;
/** Of the tool: where it writes, and the program that it runs to load a module. */
const OF_THE_TOOL = ["--table", "--modprobe"];

/**
 * Do the words after `-A CHAIN` speak of that rule alone? The text may be a peer's, and of two `-t` iptables takes the
 * last. Only a comment may look like an option, and only where `--comment` cannot be a value itself.
 */
export function speakOfRuleAlone(words: readonly string[]): boolean {
  for (let i = 0; i < words.length; i++) {
    if (words[i] === "-m" && words[i + 1] === "comment" && words[i + 2] === "--comment") i += 3;
    else if (isOfTheTool(words[i] as string)) return false;
  }
  return true;
}

/** getopt_long(3): a long option may be cut short and hold its value, short ones may stand together. */
function isOfTheTool(word: string): boolean {
  const [name = ""] = word.split("=");
  if (name.startsWith("--")) return OF_THE_TOOL.some((own) => own.startsWith(name));
  return word.startsWith("-") && !OWN_OPTIONS.test(word);
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
