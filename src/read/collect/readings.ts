import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { Known, NetnsId, NetnsName, NodeName, Source } from "../../facts/provenance.ts";
import { known, netnsId, unknown } from "../../facts/provenance.ts";
import { toldBy } from "../../facts/told-error.ts";
import type { Parsed, Problem } from "../parse/parsed.ts";
import type { Output } from "../transport/reader.ts";
import { text } from "../transport/reader.ts";
import type { LineBudget } from "./line-budget.ts";

/** What exits with a status other than 0 for a key that cannot be read, or a file that the kernel does not have. */
const TOLERATED = new Set(["sysctl-net", "proc-net-snmp"]);

/**
 * What prints something in every namespace: lo, the rules of fib_default_rules_init (net/ipv4/fib_rules.c), a header, the kernel's own
 * files. Nothing is what a shell's redirection leaves where the tool is missing, or the disk full.
 */
const NEVER_EMPTY = /^(?:ip-addr|ip-link|ip-rule|ss|sysctl-net|proc-net-.+)$/;

const LINE_FEED = 10;

/** Outputs that tell themselves where they end: their parsers keep what came before, or refuse a part. */
const SELF_ENDING = /tables(-legacy)?-save$|^nft-ruleset$/;

/** One thing that could not be read, before those that say the same of several namespaces are told together. */
export interface Gap {
  readonly subject: Phrase;
  readonly where: Phrase;
  readonly why: Phrase;
}

/** Of what never prints nothing. */
export const EMPTY_OUTPUT = phrase("empty-output");

/** It was not asked for: no gap. */
export const NOT_READ = phrase("not-read");

/** What is known before reading: commands that would print nothing, and commands that would print something. */
export interface Expectations {
  readonly empty: ReadonlySet<string>;
  readonly present: ReadonlySet<string>;
}

export const NO_EXPECTATIONS: Expectations = { empty: new Set(), present: new Set() };

/** All that was read of one namespace. Asking for a reading that is not there, or is broken, notes a gap. */
export class Readings {
  readonly id: NetnsId;
  readonly node: NodeName;
  readonly name: NetnsName;
  readonly path: string | null;
  readonly gaps: Gap[] = [];
  readonly #outputs = new Map<string, Output>();
  readonly #sourceOf = new Map<Output, Source>();
  readonly #known: Expectations;
  readonly #lines: LineBudget;

  constructor(
    node: NodeName,
    name: NetnsName,
    path: string | null,
    outputs: readonly Output[],
    expected: Expectations,
    lines: LineBudget,
  ) {
    this.id = netnsId(node, name);
    this.node = node;
    this.name = name;
    this.path = path;
    this.#known = expected;
    this.#lines = lines;
    for (const output of outputs) {
      this.#outputs.set(output.command.name.slice(output.command.name.lastIndexOf("/") + 1), output);
      const source: Source = { node, netns: this.id, argv: output.command.argv, at: output.at };
      this.#sourceOf.set(output, source);
    }
  }

  /** The text of a command that ran to its end. */
  whole(command: string): Known<{ text: string; source: Source }> {
    const output = this.#outputs.get(command);
    const source = output && this.#sourceOf.get(output);
    if (output === undefined || source === undefined) return unknown(NOT_READ);
    const why = whyNotWhole(output, command, this.#lines);
    return why === null ? known({ text: text(output), source }) : unknown(why);
  }

  isKnownEmpty(command: string): boolean {
    return this.#known.empty.has(command);
  }

  isKnownPresent(command: string): boolean {
    return this.#known.present.has(command);
  }

  /** Parses a whole output; what cannot be had is unknown, and a gap. `subject` is what it tells, in words. */
  parse<T>(command: string, subject: Phrase, none: T, parser: (text: string, source: Source) => Parsed<T>): Known<T> {
    if (this.isKnownEmpty(command)) return known(none);
    const whole = this.whole(command);
    if (!whole.known) {
      if (whole.why !== NOT_READ) this.note(subject, whole.why);
      return whole;
    }
    try {
      const parsed = parser(whole.value.text, whole.value.source);
      this.noteProblems(subject, whole.value.source, parsed.problems);
      return known(parsed.value);
    } catch (error) {
      const why = phrase("not-understood", { said: toldBy(error) });
      this.note(subject, why);
      return unknown(why);
    }
  }

  note(subject: Phrase, why: Phrase): void {
    this.gaps.push({ subject, where: this.#where(), why });
  }

  noteProblems(subject: Phrase, source: Source, problems: readonly Problem[]): void {
    const first = problems[0];
    if (first === undefined) return;
    const { line, text: excerpt, why } = first;
    const command = source.argv.join(" ");
    this.note(
      phrase("part-of", { subject }),
      phrase("problem", { command, line, excerpt, why, others: problems.length - 1 }),
    );
  }

  #where(): Phrase {
    if (this.name === "host") return this.node;
    return phrase("pod-on-node", { pod: this.name.replace(/^pod:/, ""), node: this.node });
  }
}

function whyNotWhole(output: Output, command: string, lines: LineBudget): Phrase | null {
  if (output.failure !== null) return output.failure;
  if (output.truncated) return phrase("output-too-long", { bytes: output.stdout.length });
  const tooMany = lines.refusal(output);
  if (tooMany !== null) return tooMany;
  const isEmpty = output.stdout.length === 0;
  if (output.status === 0 || (TOLERATED.has(command) && !isEmpty)) {
    if (isEmpty) return NEVER_EMPTY.test(command) ? EMPTY_OUTPUT : null;
    return SELF_ENDING.test(command) || output.stdout.at(-1) === LINE_FEED ? null : phrase("output-cut-short");
  }
  return output.stderr.trim().split("\n").at(-1) || phrase("exit-status", { status: output.status });
}
