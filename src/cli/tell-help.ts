import { type Command, type CommanderError, Option } from "commander";
import { LANGUAGES } from "../tell/i18n/language.ts";
import { printable } from "../tell/report/finding-text.ts";
import { helpWords } from "./spoken-language.ts";

/** Before commands are registered: commander's own words, in the language that is spoken. */
export function speakHelp(program: Command): void {
  const words = helpWords();
  const titles: Readonly<Record<string, string | undefined>> = words.titles;
  program.helpOption("-h, --help", words.texts["--help"]).configureHelp({
    sortSubcommands: false,
    styleTitle: (title) => titles[title] ?? title,
    optionDescription: (option) => {
      const { argChoices: choices, defaultValue: standard } = option;
      const isShown =
        standard !== undefined && !option.isBoolean() && !(Array.isArray(standard) && standard.length === 0);
      const details = [
        ...(choices === undefined ? [] : [words.choices({ choices: choices.map((c) => JSON.stringify(c)) })]),
        ...(isShown ? [words.standard({ value: JSON.stringify(standard) })] : []),
      ];
      return words.details({ text: option.description, details });
    },
  });
}

/** After commands are registered: `--lang` for each, and what each is for. */
export function fillHelp(program: Command): void {
  const words = helpWords();
  const texts: Readonly<Record<string, string | undefined>> = words.texts;
  for (const command of [program, ...below(program)]) {
    const path = pathOf(command);
    command.addOption(new Option("--lang <language>").choices(LANGUAGES));
    command.description(texts[path || "lasthop"] ?? "");
    for (const option of command.options) {
      const flag = option.long ?? "";
      option.description = texts[`${path} ${flag}`] ?? texts[flag] ?? "";
    }
    for (const argument of command.registeredArguments) {
      const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
      argument.description = texts[`${path} ${name}`] ?? texts[name] ?? "";
    }
    if (command.commands.length > 0) command.helpCommand("help [command]", texts.help ?? "");
  }
  program.addHelpText("after", words.after);
}

function below(command: Command): readonly Command[] {
  return command.commands.flatMap((one) => [one, ...below(one)]);
}

/** `lab up`, without the program's own name. */
function pathOf(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at?.parent != null; at = at.parent) names.unshift(at.name());
  return names.join(" ");
}

/** What was typed wrongly, from commander's own sentence: it quotes what was typed, which may hold anything. */
export function usageText({ code, message }: Pick<CommanderError, "code" | "message">): string {
  const { usage } = helpWords();
  const kind = code.replace(/^commander\./, "");
  const say = (usage as Readonly<Record<string, unknown>>)[kind];
  if (typeof say !== "function") return `${printable(message)}\n${usage.seeHelp}`;
  const [, flag, value = "", right = ""] =
    /^error: option '(.*?)' argument '(.*)' is invalid\. (.*)$/s.exec(message) ?? [];
  const quoted = flag === undefined ? [/'(.*)'/s.exec(message)?.[1] ?? ""] : [flag, value];
  const choices = /^Allowed choices are (.*)\.$/.exec(right)?.[1]?.split(", ");
  const told = say({ quoted, right: choices === undefined ? right : usage.choices({ choices }) });
  const near = /\n\(Did you mean (?:one of )?(.*)\?\)$/.exec(message)?.[1];
  const lines = [told, ...(near === undefined ? [] : [usage.didYouMean({ words: near })]), usage.seeHelp];
  return lines.map(printable).join("\n");
}
