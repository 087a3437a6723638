import { type Command, InvalidArgumentError, Option } from "commander";
import type { Language } from "../tell/i18n/language.ts";
import { helpWords } from "./spoken-language.ts";

/** How a cluster is reached: the same flags on every command that looks at one. */
export interface ClusterOptions {
  readonly via: "auto" | "netns" | "local";
  readonly inventory?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly bundle?: readonly string[];
  readonly namespace: string;
  readonly timeout: number;
}

export type Format = "text" | "json" | "markdown" | "html";

/** How the answer is shown. */
export interface OutputOptions {
  readonly output: Format;
  readonly lang?: Language;
}

export function withCluster(command: Command): Command {
  return command
    .addOption(new Option("--via <how>").choices(["auto", "netns", "local"]).default("auto"))
    .option("--inventory <file>")
    .option("--kubeconfig <file>")
    .option("--context <name>")
    .option("--bundle <path>", "", (path: string, all: readonly string[] | undefined) => [...(all ?? []), path])
    .option("-n, --namespace <name>", "", "default")
    .option("--timeout <seconds>", "", seconds, 20);
}

/** @param formats those that this command prints, the default first */
export function withOutput(command: Command, formats: readonly Format[] = ["text", "json"]): Command {
  return command.addOption(new Option("-o, --output <format>").choices(formats).default(formats[0]));
}

/** NO_COLOR, unless it is empty, and a pipe switch colour off (no-color.org). */
export function wantsColor(stream: { readonly isTTY?: boolean }): boolean {
  if (process.env.FORCE_COLOR !== undefined && process.env.FORCE_COLOR !== "0") return true;
  return !process.env.NO_COLOR && stream.isTTY === true && process.env.TERM !== "dumb";
}

/** A terminal that knows how to erase a line; a dumb one does not. */
export function canRewriteLine(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && process.env.TERM !== "dumb";
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 3600) throw new InvalidArgumentError(helpWords().wrong.seconds);
  return value;
}
