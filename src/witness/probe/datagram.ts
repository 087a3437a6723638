import type { Command } from "../../read/transport/reader.ts";
import { FIND_LIMIT, secondsOf } from "./limit.ts";
import { outcomeOfWords } from "./outcomes.ts";
import type { Answer, Outcome, Probe } from "./probe.ts";

type UdpProbe = Extract<Probe, { kind: "udp" }>;

/**
 * What came back is `hex:…`, printed last: words of dd and nc on standard error would otherwise fall into it.
 *
 * $1 deadline in seconds, of the answer alone: a busy node takes its time to send; $2 the same in whole ones, $3 address, $4
 * port, $5 end of the names that dig asks for, or empty, $6 source address or empty, $7… the payloads as printf(1) reads them, one
 * an attempt. All at once, a line each: `ATTEMPT TOOL STATUS WORDS`. dd gathers the payload, for bash's printf flushes at newlines,
 * and each flush is a datagram.
 */
const SCRIPT = `LC_ALL=C
export LC_ALL
deadline=$1 whole=$2 addr=$3 port=$4 name=$5 src=$6
shift 6
${FIND_LIMIT}
hex() { od -An -v -tx1 | tr -d ' \\n'; }
one() {
  if [ -z "$src" ] && [ -n "$limit" ]; then
    tool=bash
    out=$(bash -c '
      exec 3<>"/dev/udp/$1/$2" || exit 9
      printf "$3" | dd ibs=1 obs=65536 2>/dev/null >&3
      got=$(timeout "$4" dd bs=4096 count=1 <&3 | od -An -v -tx1 | tr -d " \\n")
      printf " hex:%s" "$got"' bash "$addr" "$port" "$1" "$limit" 2>&1)
    status=$?
  elif command -v nc >/dev/null; then
    tool=nc
    set -- "$1" "$whole"
    [ -z "$src" ] || set -- "$1" "$2" -s "$src"
    payload=$1 wait=$2
    shift 2
    out=$({
      got=$(printf "$payload" | dd ibs=1 obs=65536 2>/dev/null | nc -n -u -w "$wait" "$@" "$addr" "$port" | dd bs=4096 count=1 2>/dev/null | hex)
      printf ' hex:%s' "$got"
    } 2>&1)
    status=$?
  elif [ -n "$name" ] && command -v dig >/dev/null; then
    tool=dig
    out=$(dig +time=1 +tries=1 +noall +comments \${src:+-b "$src"} "@$addr" -p "$port" "lasthop-$i-$name" 2>&1)
    status=$?
  else
    tool=none out= status=127
  fi
  printf '%s %s %s %s\\n' "$i" "$tool" "$status" "$(printf %s "$out" | tr '\\n' ' ')"
}
i=0
for payload; do
  i=$((i + 1))
  one "$payload" &
done
wait`;

export function datagramCommand(probe: UdpProbe, payloads: readonly Uint8Array[], digName: string | null): Command {
  return {
    name: `probe-${probe.id}`,
    argv: [
      "sh",
      "-c",
      SCRIPT,
      "lasthop-probe",
      ...secondsOf(probe.deadlineMs),
      probe.dst.text,
      String(probe.port),
      digName ?? "",
      probe.src?.text ?? "",
      ...payloads.map(printfEscaped),
    ],
    netns: probe.from.path,
  };
}

/** Every byte in octal: nothing is left for printf(1) to interpret. */
function printfEscaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}

/** The tag alone, readable in a capture. */
export function tagPayload(tag: string): Uint8Array {
  return Buffer.from(tag, "latin1");
}

/** RFC 1035: one question, A IN, recursion desired; the tag is the first label. `id` 0 to 65535. */
export function dnsQuery(tag: string, zone: string, id: number): Uint8Array {
  const labels = [tag, ...zone.split(".").filter((label) => label !== "" && label.length < 64)];
  return Buffer.concat([
    Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, "latin1")]),
    Buffer.from([0, 0, 1, 0, 1]),
  ]);
}

export function readDatagrams(
  probe: UdpProbe,
  payloads: readonly Uint8Array[],
  stdout: string,
): { answers: readonly Answer[]; tool: string | null } {
  const answers = new Map<number, Answer>();
  let tool: string | null = null;
  for (const line of stdout.split("\n").slice(0, 1024)) {
    const match = /^(\d{1,4}) (bash|nc|dig|none) (\d{1,3}) ?(.*)$/.exec(line);
    if (match === null) continue;
    const n = Number(match[1]);
    const by = match[2] as string;
    const words = (match[4] as string).trim();
    if (by !== "none") tool = by;
    const bytes = /hex:((?:[0-9a-f]{2}){1,4096})/.exec(words)?.[1] ?? null;
    const isDig = by === "dig";
    let outcome: Outcome;
    if (by === "none") outcome = "no-tool";
    else if (isDig) outcome = /status: \w+/.test(words) ? "answered" : (outcomeOfWords(words) ?? "sent");
    else if (bytes !== null) outcome = "answered";
    else outcome = outcomeOfWords(words) ?? "sent";
    // A protocol that must answer is unanswered; another may have nothing to say.
    if (outcome === "sent" && probe.port === 53) outcome = "timeout";
    const detail =
      outcome === "answered" && !isDig
        ? describe(Buffer.from(bytes ?? "", "hex"), payloads[n - 1])
        : words.slice(0, 400);
    answers.set(n, { n, outcome, httpStatus: null, ms: null, sport: null, detail });
  }
  return {
    answers: Array.from(
      { length: probe.attempts },
      (_, i) =>
        answers.get(i + 1) ?? { n: i + 1, outcome: "failed", httpStatus: null, ms: null, sport: null, detail: "" },
    ),
    tool,
  };
}

const RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

function describe(answer: Uint8Array, query: Uint8Array | undefined): string {
  const isDns = query !== undefined && answer.length >= 12 && answer[0] === query[0] && answer[1] === query[1];
  if (!isDns || ((answer[2] as number) & 0x80) === 0) return `${answer.length} bytes`;
  const code = (answer[3] as number) & 15;
  return RCODES[code] ?? `rcode ${code}`;
}
