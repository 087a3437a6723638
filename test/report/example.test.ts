import { join } from "node:path";
import { expect, test } from "vitest";
import { reportText } from "../../src/cli/report-text.ts";
import { ROOT } from "../docs/documents.ts";
import { exampleVerdict } from "./example.ts";

// Of a verdict that has changed they are written anew: npx vitest run test/report/example.test.ts -u
test.each([
  ["markdown", "example-report.md"],
  ["html", "example-report.html"],
] as const)("the example in %s is the report of the verdict in docs/verdict.md", async (format, file) => {
  await expect(reportText(exampleVerdict(), format)).toMatchFileSnapshot(join(ROOT, "docs", file));
});
