import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PRINT_FILES, parseFramed } from "./framed-files.ts";

describe("framed files", () => {
  const directory = mkdtempSync(join(tmpdir(), "lhch-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  const print = () =>
    execFileSync("sh", ["-c", `${PRINT_FILES}\nfor one in "$1"/*; do emit "$one"; done`, "sh", directory]);

  it("survive names and contents that look like frames", () => {
    const contents: Record<string, string> = {
      "a b.conf": "file 3 -\n/etc/sysctl.conf\nx=1\n",
      "b*.conf": "no newline at the end",
      "c.conf": "",
      "d$(id).conf": "\n\n",
      "e.conf": "ümläut\r\n",
    };
    for (const [name, content] of Object.entries(contents)) writeFileSync(join(directory, name), content);
    writeFileSync(join(directory, "f\nfile 1 -\n.conf"), "hidden");
    symlinkSync("/dev/null", join(directory, "masked.conf"));
    symlinkSync("c.conf", join(directory, "link.conf"));
    symlinkSync("nowhere", join(directory, "dangling.conf"));
    const { files, whole } = parseFramed(print());
    expect(whole).toBe(true);
    const read = Object.fromEntries(files.map((file) => [file.path.slice(directory.length + 1), file.content]));
    expect(read).toEqual({ ...contents, "masked.conf": "", "link.conf": "" });
    expect(files.find((file) => file.path.endsWith("/masked.conf"))?.real).toBe("/dev/null");
    expect(files.find((file) => file.path.endsWith("/link.conf"))?.real).toBe(join(directory, "c.conf"));
    expect(files.find((file) => file.path.endsWith("/c.conf"))?.real).toBeNull();
  });

  it("are each of one piece, though others replace them meanwhile", () => {
    const own = mkdtempSync(join(tmpdir(), "lhch-"));
    for (const [name, content] of [
      ["a", "old"],
      ["new", "a longer one"],
      ["z", "the last"],
    ] as const)
      writeFileSync(join(own, name), content);
    const replacing = `own=$1\nwc() { command wc "$@"; mv -f "$own/new" "$own/a" 2>/dev/null; true; }\n${PRINT_FILES}`;
    const printed = execFileSync("sh", ["-c", `${replacing}\nemit "$own/a"\nemit "$own/z"`, "sh", own]);
    expect(parseFramed(printed)).toMatchObject({ whole: true, files: [{ content: "old" }, { content: "the last" }] });
    expect(readFileSync(join(own, "a"), "utf8")).toBe("a longer one");
    rmSync(own, { recursive: true });
  });

  it("end where a length does not fit", () => {
    const text = (s: string) => new TextEncoder().encode(s);
    expect(parseFramed(text("file 1 -\n/a\nx\nfile 9 -\n/b\nx\n"))).toMatchObject({
      whole: false,
      files: [{ path: "/a", content: "x" }],
    });
    for (const bad of ["x", "file 1 -\n", "file -1 -\n/a\n\n", "file 99999999 -\n/a\nx\n", "file 0 -\n/a\nx\n"]) {
      expect(parseFramed(text(bad))).toEqual({ files: [], whole: false });
    }
    expect(parseFramed(new Uint8Array())).toEqual({ files: [], whole: true });
  });
});
