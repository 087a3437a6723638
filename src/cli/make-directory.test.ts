import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDirectory } from "./make-directory.ts";

describe("a directory and those above it", () => {
  it("are made, and may be there already", () => {
    const top = mkdtempSync(join(tmpdir(), "lasthop-mkdir-"));
    try {
      const path = join(top, "a", "b", "c");
      makeDirectory(path, 0o700);
      makeDirectory(path, 0o700);
      expect(statSync(path).mode & 0o777).toBe(0o700);
    } finally {
      rmSync(top, { recursive: true });
    }
  });

  it.skipIf(!existsSync("/proc/1"))("fail below a directory that takes none, and do not wait for ever", () => {
    expect(() => makeDirectory("/proc/nowhere/captures")).toThrow(/ENOENT|EACCES|EPERM/);
  });
});
