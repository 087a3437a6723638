/** An option of a rule with its values, and whether `!` stood before it (or, in old output, before its value). */
export interface RuleOption {
  readonly name: string;
  readonly negate: boolean;
  readonly values: readonly string[];
}

/** The options of one `-m MODULE`, of the rule's own (`module` null), or of its `-j`/`-g` target. */
export interface OptionGroup {
  readonly kind: "own" | "match" | "jump" | "goto";
  readonly name: string;
  readonly options: readonly RuleOption[];
}

interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

/** Options whose value is free text: it may look like an option (`--comment -j`, which iptables-save does not quote). */
const FREE_TEXT = new Set([
  "--comment",
  "--log-prefix",
  "--nflog-prefix",
  "--ulog-prefix",
  "--string",
  "--hex-string",
  "--name",
  "--rname",
  "--hashlimit-name",
  "--label",
  "--nfacct-name",
  "--bytecode",
  "--helper",
  "--selctx",
  "--led-trigger-id",
  "--path",
]);

const OWN: ReadonlyMap<string, string> = new Map([
  ["--protocol", "-p"],
  ["--proto", "-p"],
  ["--source", "-s"],
  ["--src", "-s"],
  ["--destination", "-d"],
  ["--dst", "-d"],
  ["--in-interface", "-i"],
  ["--out-interface", "-o"],
  ["--fragment", "-f"],
  ["--jump", "-j"],
  ["--goto", "-g"],
  ["--match", "-m"],
]);

/** Splits as a shell would, for the quoting of xtables_save_string: double quotes, backslash inside them. */
export function splitRule(text: string): readonly Word[] {
  const words: Word[] = [];
  let i = 0;
  while (i < text.length) {
    if (text[i] === " " || text[i] === "\t") {
      i += 1;
      continue;
    }
    let word = "";
    let quoted = false;
    let within = false;
    for (; i < text.length; i += 1) {
      const char = text[i] ?? "";
      if (char === '"') {
        within = !within;
        quoted = true;
      } else if (within && char === "\\" && i + 1 < text.length) {
        i += 1;
        word += text[i] ?? "";
      } else if (!within && (char === " " || char === "\t")) break;
      else word += char;
    }
    words.push({ text: word, quoted });
  }
  return words;
}

/** Groups the words after `-A CHAIN`. */
export function groupOptions(words: readonly Word[]): readonly OptionGroup[] {
  const groups: { kind: OptionGroup["kind"]; name: string; options: RuleOption[] }[] = [];
  let group: (typeof groups)[number] = { kind: "own", name: "", options: [] };
  groups.push(group);
  let negate = false;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i];
    if (word === undefined) break;
    if (!word.quoted && word.text === "!") {
      negate = true;
      continue;
    }
    const name = word.quoted ? word.text : (OWN.get(word.text) ?? word.text);
    if (!word.quoted && (name === "-m" || name === "-j" || name === "-g")) {
      i += 1;
      const kind = name === "-m" ? "match" : name === "-j" ? "jump" : "goto";
      group = { kind, name: words[i]?.text ?? "", options: [] };
      groups.push(group);
      negate = false;
      continue;
    }
    const values: string[] = [];
    if (FREE_TEXT.has(name)) {
      i += 1;
      if (words[i] !== undefined) values.push(words[i]?.text ?? "");
    } else {
      // Old iptables prints `--dport ! 80`.
      if (isBang(words[i + 1]) && isValue(words[i + 2])) {
        negate = true;
        i += 1;
      }
      while (isValue(words[i + 1])) {
        i += 1;
        values.push(words[i]?.text ?? "");
      }
    }
    const own = /^-[psdiof]$/.test(name);
    const home = own && group.kind === "match" ? (groups[0] ?? group) : group;
    home.options.push({ name, negate, values });
    negate = false;
  }
  return groups;
}

export function printOptions(group: OptionGroup, options: readonly RuleOption[] = group.options): string {
  const flag = group.kind === "match" ? "-m" : group.kind === "goto" ? "-g" : "-j";
  const head = group.kind === "own" ? [] : [flag, group.name];
  return [...head, ...options.flatMap((o) => [...(o.negate ? ["!"] : []), o.name, ...o.values])].join(" ");
}

function isBang(word: Word | undefined): boolean {
  return word !== undefined && !word.quoted && word.text === "!";
}

function isValue(word: Word | undefined): boolean {
  if (word === undefined) return false;
  return word.quoted || (word.text !== "!" && !/^--?[A-Za-z]/.test(word.text));
}
