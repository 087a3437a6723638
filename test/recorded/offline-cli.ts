import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, vi } from "vitest";
import { diagnose } from "../../src/cli/run-diagnose.ts";
import { runWalk } from "../../src/cli/run-walk.ts";
import { type Verdict, verdictSchema } from "../../src/verdict/verdict.ts";

export const FIXTURES = join(import.meta.dirname, "../../fixtures");
export const NODE_PORT = "http://192.168.6.141:30007/";

const COMMON = { via: "auto", namespace: "default", timeout: 20 } as const;
const { signal } = new AbortController();

// The last verdict is remembered for `repair`: not that of a test.
const state = mkdtempSync(join(tmpdir(), "lasthop-recorded-state-"));
process.env.XDG_STATE_HOME = state;
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** `lasthop diagnose SYMPTOM --bundle DIR -o json`: what it prints is held against the published schema. */
export async function diagnoseBundle(
  bundle: string,
  symptom: string,
  options: { readonly from?: string } = {},
): Promise<{ readonly status: number; readonly verdict: Verdict }> {
  const { status, printed } = await capture(() =>
    diagnose(symptom, { ...COMMON, ...options, bundle: [bundle], output: "json" }, signal),
  );
  return { status, verdict: verdictSchema.strict().parse(JSON.parse(printed)) };
}

export async function diagnoseText(bundle: string, symptom: string): Promise<string> {
  return (await capture(() => diagnose(symptom, { ...COMMON, bundle: [bundle], output: "text" }, signal))).printed;
}

/** `lasthop walk FROM TO --bundle DIR --set …` */
export async function walkBundle(bundle: string, from: string, to: string, set: readonly string[] = []) {
  return capture(() => runWalk(from, to, { ...COMMON, bundle: [bundle], output: "text", set }, signal));
}

async function capture(command: () => Promise<number>): Promise<{ readonly status: number; readonly printed: string }> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  try {
    return { status: await command(), printed: written.join("") };
  } finally {
    spy.mockRestore();
  }
}
