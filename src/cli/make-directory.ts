import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * `mkdir -p`, sync. Node's own recursive one never returns where a directory exists and takes no other (ENOENT below
 * /proc): it asks for the parent for ever.
 *
 * @throws the first error of mkdir(2) that a missing parent does not explain
 */
export function makeDirectory(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A file of that name is found out by whoever writes below it.
    if (code === "EEXIST") return;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path) throw error;
    makeDirectory(parent, mode);
    mkdirSync(path, mode);
  }
}
