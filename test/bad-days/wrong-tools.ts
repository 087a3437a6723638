import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandLine } from "../cli/command-line.ts";

/**
 * Programs that come first in the PATH of every node of a lab. On one node they do what the script says; what falls through it, and
 * every other node, gets the real program, `$real`.
 * @returns the environment to run the command in
 */
export function wrongTools(
  line: CommandLine,
  netns: string,
  tools: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  mkdirSync(join(line.directory, "wrong"), { recursive: true });
  const directory = mkdtempSync(join(line.directory, "wrong", "tools-"));
  for (const [tool, script] of Object.entries(tools)) {
    const real = execFileSync("sh", ["-c", 'command -v "$1"', "sh", tool], { encoding: "utf8" }).trim();
    const text = `#!/bin/sh
real=${real}
if [ "$(stat -L -c %i /proc/self/ns/net)" = "$(stat -L -c %i /run/netns/${netns})" ]; then
${script}
fi
exec "$real" "$@"
`;
    writeFileSync(join(directory, tool), text, { mode: 0o755 });
  }
  return { PATH: `${directory}:${process.env.PATH}` };
}

/** The same for what leads into a node: `nsenter`, which is run outside of it. */
export function wrongWay(line: CommandLine, netns: string, script: string): Readonly<Record<string, string>> {
  mkdirSync(join(line.directory, "wrong"), { recursive: true });
  const directory = mkdtempSync(join(line.directory, "wrong", "way-"));
  const text = `#!/bin/sh
case "$1" in --net=/run/netns/${netns})
${script}
esac
exec /usr/bin/nsenter "$@"
`;
  writeFileSync(join(directory, "nsenter"), text, { mode: 0o755 });
  return { PATH: `${directory}:${process.env.PATH}` };
}
