import { expect, test } from "vitest";
import { phrase } from "../../facts/phrase.ts";
import { en } from "../i18n/en.ts";
import { stoppedJson, undoneJson, undoPlanJson } from "./change-json.ts";

const error = { code: "not-what-we-left", node: "k2", detail: phrase("was", { now: "1", before: "0" }) };
const said = { code: "not-what-we-left", node: "k2", detail: "1, was 0" };

test("a repair that stopped half way tells what is in force, and what is half done", () => {
  const steps = [{ entry: { id: "run-1" } }, { entry: null }];
  expect(stoppedJson({ steps, unfinished: { id: "run-3" }, error }, en)).toEqual({
    applied: ["run-1"],
    unfinished: "run-3",
    error: said,
  });
});

test("an undo tells what it took back, and what stopped it", () => {
  expect(undoneJson([{ entry: { id: "run-2" } }], error, en)).toEqual({ undone: ["run-2"], error: said });
  expect(undoneJson([{ entry: { id: "run-2" } }], null, en)).toEqual({ undone: ["run-2"], error: null });
  expect(undoPlanJson([{ id: "run-1", node: "k2", repair: { id: "set-sysctl" } }], null, en)).toEqual({
    plan: [{ id: "run-1", node: "k2", repair: { id: "set-sysctl" } }],
    error: null,
  });
});
