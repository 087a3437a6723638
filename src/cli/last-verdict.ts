import { readFile, rename, unlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { phrase } from "../facts/phrase.ts";
import { type Verdict, verdictSchema } from "../verdict/verdict.ts";
import { tellWarning } from "./error-words.ts";
import { makeDirectory } from "./make-directory.ts";
import type { ClusterOptions } from "./options.ts";
import { CliError } from "./run.ts";

/** How the cluster of a verdict was reached: `repair` goes the same way unless told otherwise. */
const wayFields = {
  via: z.enum(["auto", "netns", "local"]),
  inventory: z.string().optional(),
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  bundle: z.array(z.string()).optional(),
  namespace: z.string(),
  timeout: z.number(),
  from: z.string().optional(),
};
const rememberedSchema = z.object({ verdict: verdictSchema, way: z.object(wayFields) });

export type Remembered = z.infer<typeof rememberedSchema>;

function stateDirectory(): string {
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "lasthop");
}

/**
 * Keeps the last verdict on this machine, so that `lasthop repair` needs no file. Where that cannot be, it is said, and an older
 * one goes if it can: nobody should repair by what was found before.
 */
export async function rememberVerdict(
  verdict: Verdict,
  options: ClusterOptions & { readonly from?: string },
): Promise<void> {
  const way = Object.fromEntries(Object.keys(wayFields).map((key) => [key, options[key as keyof typeof options]]));
  const directory = stateDirectory();
  const path = join(directory, "last-verdict.json");
  const half = `${path}.${process.pid}`;
  try {
    makeDirectory(directory, 0o700);
    await writeFile(half, JSON.stringify({ verdict, way }), { mode: 0o600 });
    await rename(half, path);
  } catch (error) {
    await Promise.allSettled([unlink(half), unlink(path)]);
    tellWarning(phrase("verdict-not-kept", { why: (error as Error).message }), phrase("keep-verdict-yourself"));
  }
}

export async function recallVerdict(): Promise<Remembered> {
  const path = join(stateDirectory(), "last-verdict.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new CliError(phrase("no-verdict-yet"), phrase("diagnose-first"), { cause });
  }
  return parse(rememberedSchema, text, path);
}

export async function readVerdict(path: string): Promise<Verdict> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new CliError(phrase("cannot-read", { path }), phrase("give-verdict-file"), { cause });
  }
  return parse(verdictSchema, text, path);
}

function parse<T>(schema: z.ZodType<T>, text: string, path: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliError(phrase("no-verdict-in", { path }), phrase("write-verdict-anew"), { cause });
  }
}
