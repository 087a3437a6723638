import { type Command, type Limits, type Reader, text } from "../../read/transport/reader.ts";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { NodeName } from "../../facts/provenance.ts";

/** What one of several commands said, standard error among it. `failure`: why it did not run at all. */
export interface Said {
  readonly text: string;
  readonly status: number | null;
  readonly failure: Phrase | null;
}

/**
 * $@: for each command its netns path or nothing, its number of words, its words. All run at once; every line that one prints comes
 * out behind its number, and last `N status S`.
 */
const SCRIPT = `set -f
mark() { while IFS= read -r line || [ -n "$line" ]; do printf '%s %s\\n' "$1" "$line"; done; }
only() {
  path=$1 wanted=$2
  shift 2
  left=$# taken=0
  while [ "$left" -gt 0 ]; do
    [ "$taken" -ge "$wanted" ] || set -- "$@" "$1"
    shift
    taken=$((taken + 1)) left=$((left - 1))
  done
  [ -z "$path" ] || set -- nsenter "--net=$path" -- "$@"
  "$@" </dev/null 2>&1
  echo "status $?"
}
k=0
while [ "$#" -gt 0 ]; do
  only "$@" | mark "$k" &
  words=$2
  shift 2
  shift "$words"
  k=$((k + 1))
done
wait`;

/**
 * Runs commands of one node at the same time, in one round trip: rounds take turns, and the deadlines of many probes would add up.
 * Each keeps its own netns.
 */
export async function runSideBySide(
  reader: Reader,
  node: NodeName,
  commands: readonly Command[],
  limits: Limits,
): Promise<readonly Said[]> {
  const words = commands.flatMap((c) => [c.netns ?? "", String(c.argv.length), ...c.argv]);
  const command: Command = { name: "probes", argv: ["sh", "-c", SCRIPT, "lasthop-probes", ...words], netns: null };
  const [output] = await reader.run(node, [command], limits);
  const failure = output === undefined ? phrase("node-no-answer") : output.failure;
  const lines = commands.map((): string[] => []);
  const status = commands.map((): number | null => null);
  for (const line of output === undefined ? [] : text(output).split("\n")) {
    const match = /^(\d{1,4}) (.*)$/.exec(line);
    const own = lines[Number(match?.[1] ?? -1)];
    if (match === null || own === undefined) continue;
    const ended = /^status (\d{1,3})$/.exec(match[2] as string);
    if (ended !== null) status[Number(match[1])] = Number(ended[1]);
    else own.push(match[2] as string);
  }
  return commands.map((_, i) => ({
    text: (lines[i] as string[]).join("\n"),
    status: status[i] as number | null,
    // One that was done before the whole was cut off has its say.
    failure: status[i] === null ? (failure ?? phrase("not-ended")) : null,
  }));
}
