import type { BuiltCli } from "./built-cli.ts";

/** What `--help` says of one command. */
export interface CommandHelp {
  readonly subcommands: ReadonlySet<string>;
  /** Every spelling of every flag; `takes` is null for a switch. */
  readonly flags: ReadonlyMap<string, { readonly takes: string | null; readonly choices: readonly string[] | null }>;
  /** How many arguments it takes at most; infinite for `<command...>`. */
  readonly mostArguments: number;
}

/** Reads commander's help text. */
export function parseHelp(text: string): CommandHelp {
  // A description that is continued stands further to the right than any flag.
  const joined = text.replace(/\n {12,}(?=\S)/g, " ");
  const section = (title: string): string[] =>
    (joined.split(`\n${title}:\n`)[1] ?? "").split("\n\n")[0]?.split("\n") ?? [];
  const flags = new Map<string, { takes: string | null; choices: readonly string[] | null }>();
  for (const line of section("Options")) {
    const match = /^ {2}((?:-\w, )?--[\w-]+)(?: [<[]([^\]>]+)[\]>])? {2,}(.*)$/.exec(line);
    if (match === null) continue;
    const [, spellings = "", takes = null, description = ""] = match;
    const listed = /choices: ([^)]*?)(?:, default|\)|$)/.exec(description)?.[1];
    const choices = listed === undefined ? null : [...listed.matchAll(/"([^"]+)"/g)].map((m) => m[1] ?? "");
    for (const spelling of spellings.split(", ")) flags.set(spelling, { takes, choices });
  }
  const subcommands = section("Commands").flatMap((line) => /^ {2}([a-z]+)\b/.exec(line)?.[1] ?? []);
  const usage = /^Usage: (.*)$/m.exec(text)?.[1] ?? "";
  const named = [...usage.matchAll(/[<[]([a-z]+)(\.\.\.)?[\]>]/g)].filter((m) => m[1] !== "options");
  return {
    subcommands: new Set(subcommands),
    flags,
    mostArguments: named.some((m) => m[2] !== undefined) ? Number.POSITIVE_INFINITY : named.length,
  };
}

/** Help texts, each asked for once. */
export class Helps {
  readonly #cli: BuiltCli;
  readonly #known = new Map<string, Promise<CommandHelp>>();

  constructor(cli: BuiltCli) {
    this.#cli = cli;
  }

  of(path: readonly string[]): Promise<CommandHelp> {
    const key = path.join(" ");
    const known = this.#known.get(key) ?? this.#cli.run(...path, "--help").then(({ stdout }) => parseHelp(stdout));
    this.#known.set(key, known);
    return known;
  }

  /** Every command there is, as words. */
  async all(): Promise<readonly (readonly string[])[]> {
    const found: string[][] = [];
    for (const name of (await this.of([])).subcommands) {
      if (name === "help") continue;
      found.push([name]);
      for (const below of (await this.of([name])).subcommands) if (below !== "help") found.push([name, below]);
    }
    return found;
  }

  /** What is wrong with a command line as it is shown; empty when nothing is. */
  async complaints(words: readonly string[]): Promise<readonly string[]> {
    const path: string[] = [];
    let help = await this.of(path);
    let at = 0;
    for (let word = words[at]; word !== undefined && help.subcommands.has(word); word = words[at]) {
      path.push(word);
      help = await this.of(path);
      at += 1;
    }
    const first = words[at];
    if (help.subcommands.size > 0 && first !== undefined && !first.startsWith("-")) return [`no command ${first}`];
    const wrong: string[] = [];
    let given = 0;
    for (; at < words.length; at += 1) {
      const word = words[at] ?? "";
      if (word === "--") break;
      if (!word.startsWith("-") || word === "-") {
        given += 1;
        continue;
      }
      const flag = help.flags.get(word);
      if (flag === undefined) {
        wrong.push(`lasthop ${path.join(" ")}: no flag ${word}`);
        continue;
      }
      if (flag.takes === null) continue;
      at += 1;
      const value = words[at];
      const isPlaceholder = value === undefined || /^[A-Z]+$/.test(value);
      if (flag.choices !== null && !isPlaceholder && !flag.choices.includes(value)) {
        wrong.push(`${word} takes ${flag.choices.join(", ")}, not ${value}`);
      }
    }
    if (given > help.mostArguments) wrong.push(`lasthop ${path.join(" ")} takes ${help.mostArguments} arguments`);
    return wrong;
  }
}
