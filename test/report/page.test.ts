import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportText } from "../../src/cli/report-text.ts";
import { wayOf } from "../../src/tell/report/incident/way.ts";
import type { Verdict } from "../../src/verdict/verdict.ts";
import { exampleVerdict } from "./example.ts";
import { withTexts } from "./hostile.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
const reason = executablePath === undefined ? " (skipped: there is no /usr/bin/chromium)" : "";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const HOSTILE = [
  "<script>document.title='owned'</script>",
  '<img src="http://198.51.100.1/x.png" onerror="document.title=\'owned\'">',
  "\"><svg onload=document.title='owned'>",
  "</style></pre></code><iframe src=http://198.51.100.1/></iframe>",
  "javascript:document.title='owned'",
];

interface Drawn {
  readonly ports: number;
  readonly last: number;
  readonly named: string;
  readonly told: string;
  readonly lang: string;
  readonly sections: number;
}
interface Contrast {
  readonly ratio: number;
  readonly of: string;
}
interface Strange {
  readonly title: string;
  readonly strange: number;
  readonly handlers: number;
  readonly links: number;
  readonly text: string;
}

/** Runs a function of `in-page/` in the page: they are plain JavaScript, for Node's types know no document. */
function inPage<T>(page: Page, name: string): Promise<T> {
  const source = readFileSync(join(import.meta.dirname, "in-page", `${name}.js`), "utf8")
    .trim()
    .replace(/;$/, "");
  return page.evaluate<T>(`(${source})()`);
}

describe.skipIf(executablePath === undefined)(`the report as a page in Chromium${reason}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "lasthop-page-test-"));
  const said: string[] = [];
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath as string, args: ARGUMENTS });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function shown<T>(
    verdict: Verdict,
    how: { readonly width: number; readonly colorScheme?: "light" | "dark" },
    look: (page: Page) => Promise<T>,
  ): Promise<T> {
    const file = join(directory, "report.html");
    writeFileSync(file, reportText(verdict, "html"));
    const context = await browser.newContext({
      viewport: { width: how.width, height: 844 },
      colorScheme: how.colorScheme ?? "light",
    });
    const page = await context.newPage();
    said.length = 0;
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    page.on("request", (request) => {
      if (request.url() !== `file://${file}`) said.push(`asked for ${request.url()}`);
    });
    try {
      await page.goto(`file://${file}`);
      return await look(page);
    } finally {
      await context.close();
    }
  }

  it.each(["en", "zh"] as const)(
    "asks for nothing and complains of nothing; draws every hop (%s)",
    async (language) => {
      const verdict = { ...exampleVerdict(), language };
      const drawn = await shown(verdict, { width: 1280 }, (page) => inPage<Drawn>(page, "drawn"));
      const { stations } = wayOf(verdict);
      const hops = stations.flatMap((s) => [s.request, s.reply]).filter((crossing) => crossing !== null);
      const beyond = hops.filter((crossing) => crossing.isNext).length;
      expect(drawn.ports - beyond).toBe(verdict.path.length);
      expect(drawn.last).toBe(verdict.lastHop?.interface === null ? 0 : 1);
      expect(drawn.named).not.toBe("");
      expect(drawn.told).toContain(language === "en" ? "The way of the packets" : "路径");
      expect(drawn.lang).toBe(language === "en" ? "en" : "zh-CN");
      expect(drawn.sections).toBe(11);
      expect(said).toEqual([]);
    },
    60_000,
  );

  it("is no wider than a phone, whatever the names are", async () => {
    const long = withTexts(exampleVerdict(), ["x".repeat(250), "default/a-name ".repeat(40)]);
    for (const verdict of [exampleVerdict(), long]) {
      const [content, window] = await shown(verdict, { width: 390 }, (page) =>
        inPage<readonly [number, number]>(page, "widths"),
      );
      expect(content).toBeLessThanOrEqual(window);
    }
  }, 60_000);

  it.each(["light", "dark"] as const)(
    "can be read: every text has a contrast of 4.5 or more (%s)",
    async (colorScheme) => {
      const { ratio, of } = await shown(exampleVerdict(), { width: 1280, colorScheme }, (page) =>
        inPage<Contrast>(page, "worst-contrast"),
      );
      expect(ratio, of).toBeGreaterThanOrEqual(4.5);
    },
    60_000,
  );

  it("runs nothing that a name or a log line says", async () => {
    const verdict = withTexts(exampleVerdict(), HOSTILE);
    const found = await shown(verdict, { width: 1280 }, (page) => inPage<Strange>(page, "strange"));
    expect(found.title).toMatch(/^Incident report: ./);
    expect({ strange: found.strange, handlers: found.handlers, links: found.links }).toEqual({
      strange: 0,
      handlers: 0,
      links: 0,
    });
    for (const text of HOSTILE) expect(found.text).toContain(text);
    expect(said).toEqual([]);
  }, 60_000);
});
