import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useBuiltCli } from "./built-cli.ts";
import { Helps } from "./command-help.ts";
import { type Document, documents, inlineCode, ROOT, readDocument, tableRows } from "./documents.ts";

/** `lasthop …` and `node dist/lasthop.js …` in blocks and between backticks, with their place. */
function shownCommands(document: Document): readonly { readonly at: string; readonly words: readonly string[] }[] {
  const found: { at: string; words: readonly string[] }[] = [];
  const take = (number: number, text: string): void => {
    const match = /^\s*(?:\$ )?(?:lasthop|node dist\/lasthop\.js)(?: (.*))?$/.exec(text);
    if (match === null || /^:/.test(match[1] ?? "")) return;
    found.push({ at: `${document.path}:${number}`, words: wordsOf(match[1] ?? "") });
  };
  let continued = "";
  for (const { number, text, isCode, fence } of document.lines) {
    if (!isCode) continue;
    // In a transcript only what stands after the prompt was typed.
    if (fence === "" && !text.startsWith("$ ") && continued === "") continue;
    const whole = continued + text.trim();
    continued = whole.endsWith("\\") ? whole.slice(0, -1) : "";
    if (continued === "") take(number, whole);
  }
  for (const { number, text } of inlineCode(document)) take(number, text);
  return found;
}

/** Without what a shell would take for itself: redirections, pipes. `[ID]` is an argument that may be left out. */
function wordsOf(text: string): readonly string[] {
  const own = text.split(/ (?:>|\||&&)(?: |$)/)[0] ?? "";
  return (own.replace(/[.…]+$/, "").match(/'[^']*'|\S+/g) ?? []).map((word) =>
    word.replace(/^'(.*)'$/, "$1").replace(/^\[(.+)\]$/, "$1"),
  );
}

describe("commands in the documents", () => {
  const cli = useBuiltCli();
  const helps = new Helps(cli);
  const shown = documents().flatMap(shownCommands);

  it("are found", () => {
    const texts = shown.map(({ words }) => words.join(" "));
    expect(texts).toContain("repair --apply");
    expect(texts.some((text) => text.startsWith("diagnose http://192.168.6.141:30007/ --inventory"))).toBe(true);
    expect(shown.length).toBeGreaterThan(40);
  });

  it("exist, with every flag that they are shown with", async () => {
    const wrong: string[] = [];
    for (const { at, words } of shown) {
      for (const complaint of await helps.complaints(words)) wrong.push(`${at}: ${complaint}`);
    }
    expect(wrong).toEqual([]);
  });

  it("would be complained about if they did not exist", async () => {
    expect(await helps.complaints(["access", "k1"])).toEqual(["no command access"]);
    expect(await helps.complaints(["lab", "break"])).toEqual(["no command break"]);
    expect(await helps.complaints(["diagnose", "URL", "--deep"])).toEqual(["lasthop diagnose: no flag --deep"]);
    expect(await helps.complaints(["walk", "here", "URL", "--via", "ssh"])).toHaveLength(1);
    expect(await helps.complaints(["undo", "A", "B"])).toHaveLength(1);
  });

  it("stand all in the README's table, or in the lab's", async () => {
    const inReadme = tableRows(readDocument("README.md"), "Command").map(([cell]) => cell?.split(" ")[1]);
    const inLab = tableRows(readDocument("docs/lab.md"), "Command").map(([cell]) => cell?.split(" ")[2]);
    const all = await helps.all();
    expect(new Set(inReadme)).toEqual(new Set(all.map(([name]) => name)));
    expect(new Set(inLab)).toEqual(new Set(all.flatMap(([name, below]) => (name === "lab" ? (below ?? []) : []))));
  });

  it("have the flags that the text speaks of", async () => {
    const flags = new Map<string, Set<string> | null>();
    for (const path of [[], ...(await helps.all())]) {
      for (const [flag, { choices }] of (await helps.of(path)).flags) {
        const known = flags.get(flag);
        flags.set(flag, choices === null || known === null ? null : new Set([...(known ?? []), ...choices]));
      }
    }
    const wrong = documents().flatMap((document) =>
      inlineCode(document).flatMap(({ number, text }) => {
        const [flag = "", value] = text.split(/[ =]/);
        // tcpdump's own.
        if (!/^--?[a-z]/.test(flag) || ["--immediate-mode", "-m"].includes(flag)) return [];
        const at = `${document.path}:${number}: ${text}`;
        const choices = flags.get(flag);
        if (choices === undefined) return [at];
        const isWrong =
          choices !== null && /^[a-z]/.test(value ?? "") && !value?.split("|").every((one) => choices.has(one));
        return isWrong ? [at] : [];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it("of npm are scripts of package.json", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const own = new Set(["ci", "install", "install -g", "test", ...Object.keys(scripts).map((name) => `run ${name}`)]);
    for (const document of documents()) {
      const texts = [
        ...document.lines.filter((l) => l.isCode).map((l) => l.text),
        ...inlineCode(document).map((c) => c.text),
      ];
      for (const text of texts) {
        const npm = /^\s*(?:\$ )?npm (run [\w:]+|install -g|[a-z]+)/.exec(text)?.[1];
        if (npm !== undefined) expect(own, `${document.path}: ${text}`).toContain(npm);
      }
    }
  });
});
