import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";
import {
  type Command,
  type Limits,
  type Output,
  type Reader,
  type Transport,
  text,
} from "../../read/transport/reader.ts";
import { toldBy } from "../../facts/told-error.ts";
import { ChangeError } from "../change-error.ts";
import type { Act, Answer, Look, ObjectRef, PatchOperation } from "./kind.ts";

/** Writes to the Kubernetes API; given by the caller. Both reject when the API refuses (a `test` that fails included). */
export interface ApiWriter {
  read(ref: ObjectRef): Promise<unknown>;
  /** RFC 6902, `application/json-patch+json`. */
  patch(ref: ObjectRef, patch: readonly PatchOperation[]): Promise<unknown>;
}

const LIMITS: Limits = { timeoutMs: 15_000, maxBytes: 32 << 20 };

/** Reads one node, in one of its network namespaces (a path; null: its own). */
export class Eyes {
  readonly #reader: Reader;
  readonly node: NodeName;
  readonly #netns: string | null;

  constructor(reader: Reader, node: NodeName, netns: string | null) {
    this.#reader = reader;
    this.node = node;
    this.#netns = netns;
  }

  async run(argvs: readonly (readonly string[])[]): Promise<Output[]> {
    const round = argvs.map((argv): Command => ({ name: argv[0] ?? "", argv, netns: this.#netns }));
    const outputs = await this.#reader.run(this.node, round, LIMITS);
    return outputs.map((output) => {
      if (output.failure !== null) throw new ChangeError("unreadable", this.node, output.failure);
      if (output.truncated)
        throw new ChangeError("unreadable", this.node, phrase("output-too-long", { bytes: LIMITS.maxBytes }));
      return output;
    });
  }

  async look(looks: readonly Look[]): Promise<Answer[]> {
    const outputs = await this.run(looks.flatMap((look) => ("argv" in look ? [look.argv] : [])));
    return outputs.map(answerOf);
  }
}

/** May alter that node as well. */
export class Hands extends Eyes {
  readonly #transport: Transport;
  readonly #namespace: string | null;

  constructor(transport: Transport, node: NodeName, netns: string | null) {
    super(transport, node, netns);
    this.#transport = transport;
    this.#namespace = netns;
  }

  async act(argv: readonly string[], stdin?: string): Promise<Answer> {
    const command: Command = { name: argv[0] ?? "", argv, netns: this.#namespace };
    const output = await this.#transport.change(this.node, command, stdin);
    if (output.failure !== null) throw new ChangeError("command-failed", this.node, output.failure);
    return answerOf(output);
  }
}

function answerOf(output: Output): Answer {
  return { status: output.status, stdout: text(output), stderr: output.stderr };
}

/** Reads what a repair is about, wherever that is. @throws ChangeError no-api, unreadable */
export async function lookAt(looks: readonly Look[], eyes: Eyes, api: ApiWriter | null): Promise<Answer[]> {
  const [first] = looks;
  if (first === undefined || "argv" in first) return eyes.look(looks);
  if (api === null) throw new ChangeError("no-api", null, nameOf(first.object));
  try {
    return [{ status: 0, stdout: JSON.stringify(await api.read(first.object)), stderr: "" }];
  } catch (cause) {
    throw new ChangeError("unreadable", null, phrase("about", { object: nameOf(first.object), what: toldOf(cause) }), {
      cause,
    });
  }
}

/** @throws ChangeError command-failed, no-api */
export async function carryOut(act: Act, hands: Hands, api: ApiWriter | null): Promise<void> {
  if ("argv" in act) {
    const answer = await hands.act(act.argv, act.stdin);
    if (answer.status === 0 || act.tolerated === true) return;
    const what = answer.stderr.trim().slice(0, 500) || phrase("exit-status", { status: answer.status });
    throw new ChangeError(
      "command-failed",
      hands.node,
      phrase("about", { object: act.argv.join(" ").slice(0, 500), what }),
    );
  }
  if (api === null) throw new ChangeError("no-api", null, nameOf(act.object));
  try {
    await api.patch(act.object, act.patch);
  } catch (cause) {
    throw new ChangeError(
      "command-failed",
      null,
      phrase("about", { object: nameOf(act.object), what: toldOf(cause) }),
      { cause },
    );
  }
}

function nameOf(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`;
}

function toldOf(cause: unknown): Phrase {
  const told = toldBy(cause);
  return typeof told === "string" ? told.slice(0, 500) : told;
}
