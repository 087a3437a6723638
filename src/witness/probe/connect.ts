import { bracketed, withPort } from "../../facts/ip.ts";
import type { Command } from "../../read/transport/reader.ts";
import { FIND_LIMIT, secondsOf } from "./limit.ts";
import { outcomeOfWords } from "./outcomes.ts";
import type { Answer, Outcome, Probe } from "./probe.ts";

type ConnectProbe = Extract<Probe, { kind: "tcp" | "http" }>;

/** Source ports of one attempt: curl takes the first that is free, so the tap knows the attempt by the range. */
export const PORTS_PER_ATTEMPT = 4;

/**
 * $1 attempts, $2 deadline in seconds, $3 the same in whole ones, $4 first source port, $5 ports an attempt, $6 source address
 * or empty, $7 tcp or the HTTP method, $8 URL, $9 address, $10 port, $11 HOST:PORT:ADDRESS for --resolve or empty, $12 Host header
 * or empty.
 * All attempts at once, one line each: `ATTEMPT TOOL STATUS SECONDS PORT BYTES WORDS`, bytes of the page. A plain TCP connect is
 * curl's telnet, which sends nothing; it would hang on, so it is ended when it says that it is connected. Without curl (or its
 * telnet) the shell's own means remain: they ask over plain HTTP as well, and only connect where TLS would be needed.
 */
const SCRIPT = `LC_ALL=C
export LC_ALL
n=$1 deadline=$2 whole=$3 first=$4 each=$5 src=$6 how=$7 url=$8 addr=$9
port=\${10} resolve=\${11} host=\${12}
# curl before 7.32 takes no fraction: it is asked once more, in whole seconds.
isInexact() {
  case $1 in
    *'proper numerical'*) [ "$deadline" != "$whole" ] ;;
    *) return 1 ;;
  esac
}
web() {
  set -- -sS -v -k -g --noproxy '*' -o /dev/null --connect-timeout "$deadline" -m "$deadline" --local-port "$2-$3" -A lasthop "$url"
  [ "$how" != HEAD ] || set -- -I "$@"
  [ -z "$src" ] || set -- --interface "$src" "$@"
  [ -z "$resolve" ] || set -- --resolve "$resolve" "$@"
  [ -z "$host" ] || set -- -H "Host: $host" "$@"
  curl -q -w '%{http_code} %{time_total} %{local_port} %{size_download}\\n' "$@" 2>&1 | tr '\\r' ' ' | {
    code= why=
    while IFS= read -r line; do
      case $line in
        '* '*onnect*ailed*|'* '*ecv\\ failure*|'* Send failure'*|'* '*mmediate\\ connect\\ fail*|'* bind failed'*) why="$why \${line#??}" ;;
        'curl: '*) why="$why $line" ;;
        '* '*|'> '*|'< '*|'{ '*|'} '*) ;;
        [0-9][0-9][0-9]\\ [0-9]*) code=$line ;;
      esac
    done
    if isInexact "$why"; then
      deadline=$whole
      web "$i" "$low" "$((low + each - 1))"
    else
      printf '%s curl %s %s\\n' "$i" "\${code:-000 0 0 0}" "$why"
    fi
  }
}
open() {
  set -- -sS -v -g --noproxy '*' --connect-timeout "$deadline" -m "$deadline" --local-port "$2-$3" "$url"
  [ -z "$src" ] || set -- --interface "$src" "$@"
  { curl -q "$@" </dev/null 2>&1 >/dev/null & echo "pid $!"; wait; } | {
    pid= why= state=0
    while IFS= read -r line; do
      case $line in
        'pid '*) pid=\${line#pid }; [ "$state" = 0 ] || kill "$pid" ;;
        '* Connected to '*|'* Established connection '*) state=1; [ -z "$pid" ] || kill "$pid" ;;
        '* '*onnect*ailed*|'* '*mmediate\\ connect\\ fail*|'* bind failed'*) why="$why \${line#??}" ;;
        'curl: '*) why="$why $line" ;;
      esac
    done
    case $why in
      *'(1) Protocol'*) raw ;;
      *)
        if isInexact "$why"; then
          deadline=$whole
          open "$i" "$low" "$((low + each - 1))"
        else
          printf '%s curl %s00 0 0 0 %s\\n' "$i" "$state" "$why"
        fi ;;
    esac
  }
}
ask() {
  rest=\${url#*://}
  printf '%s /%s HTTP/1.1\\r\\nHost: %s\\r\\nUser-Agent: lasthop\\r\\nAccept: */*\\r\\nConnection: close\\r\\n\\r\\n' \\
    "$how" "\${rest#*/}" "\${host:-\${rest%%/*}}"
}
raw() {
  ${FIND_LIMIT}
  request=
  case $how$url in
    tcp*|*https://*) ;;
    *) request=$(ask; echo .) ;;
  esac
  if [ -n "$limit" ]; then
    why=$(timeout "$limit" bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1
      [ -n "$3" ] || exit 0
      printf %s "\${3%.}" >&3
      read -r line <&3 || [ -n "$line" ] || { echo "closed without an answer"; exit 1; }
      printf %s "$line"' bash "$addr" "$port" "$request" 2>&1)
    set -- bash $?
  elif command -v nc >/dev/null; then
    if [ -n "$request" ]; then
      why=$(printf %s "\${request%.}" | nc -n -w "$whole" "$addr" "$port" 2>&1 | head -n 1)
      set -- nc 1
      why=\${why:-no answer}
    else
      why=$(nc -n -w "$whole" "$addr" "$port" </dev/null 2>&1 >/dev/null)
      set -- nc $?
    fi
  else
    set -- none 127
    why=
  fi
  state=0
  [ "$2" != 0 ] || state=1
  [ "$2" != 124 ] || why="timed out"
  code=\${state}00
  case $why in
    HTTP/*\\ [1-5][0-9][0-9]*) code=\${why#* } code=\${code%%[!0-9]*} why= ;;
  esac
  printf '%s %s %s 0 0 0 %s\\n' "$i" "$1" "$code" "$(printf %s "$why" | tr '\\r\\n' '  ')"
}
i=1
while [ "$i" -le "$n" ]; do
  low=$((first + (i - 1) * each))
  if ! command -v curl >/dev/null; then raw &
  elif [ "$how" = tcp ]; then open "$i" "$low" "$((low + each - 1))" &
  else web "$i" "$low" "$((low + each - 1))" &
  fi
  i=$((i + 1))
done
wait`;

/** One command for all attempts. `firstPort`: attempts use PORTS_PER_ATTEMPT source ports each from there on. */
export function connectCommand(probe: ConnectProbe, firstPort: number): Command {
  const isHttp = probe.kind === "http";
  const host = isHttp ? probe.host : null;
  const authority = `${host ?? bracketed(probe.dst)}:${probe.port}`;
  const url = isHttp ? `${probe.scheme}://${authority}${probe.path}` : `telnet://${withPort(probe.dst, probe.port)}`;
  return {
    name: `probe-${probe.id}`,
    argv: [
      "sh",
      "-c",
      SCRIPT,
      "lasthop-probe",
      String(probe.attempts),
      ...secondsOf(probe.deadlineMs),
      String(firstPort),
      String(PORTS_PER_ATTEMPT),
      probe.src?.text ?? "",
      isHttp ? probe.method : "tcp",
      url,
      probe.dst.text,
      String(probe.port),
      host === null ? "" : `${host}:${probe.port}:${probe.dst.text}`,
      host ?? "",
    ],
    netns: probe.from.path,
  };
}

/** What the shell's own means say of a connection over which nothing was asked. */
const CONNECTED = "100";

/** curl(1): it did not understand its options, or could not take a source port. */
const NOT_SENT = /curl: (option |try |\((2|45)\))/;

/** Reads the script's lines; an attempt without one was cut off by the deadline of the whole command. */
export function readConnect(probe: ConnectProbe, stdout: string): { answers: readonly Answer[]; tool: string | null } {
  const answers = new Map<number, Answer>();
  let tool: string | null = null;
  for (const line of stdout.split("\n").slice(0, 1024)) {
    const match = /^(\d{1,4}) (curl|bash|nc|none) (\d{3}) ([\d.,]{1,16}) (\d{1,5}) (\d{1,15}) ?(.*)$/.exec(line);
    if (match === null) continue;
    const [, n, by, code, seconds, sport, bytes, words = ""] = match;
    const detail = words.trim().slice(0, 400);
    const isSent = by !== "none" && !NOT_SENT.test(detail);
    if (isSent) tool = by as string;
    const outcome = isSent ? outcomeOf(probe, by as string, Number(code), Number(bytes), detail) : "no-tool";
    answers.set(Number(n), {
      n: Number(n),
      outcome,
      httpStatus:
        probe.kind === "http" && Number(code) > 0 && !(by !== "curl" && code === CONNECTED) ? Number(code) : null,
      ms: outcome === "answered" && Number(seconds) > 0 ? Math.round(Number(seconds) * 1e6) / 1e3 : null,
      sport: Number(sport) > 0 ? Number(sport) : null,
      detail,
    });
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

function outcomeOf(probe: ConnectProbe, by: string, code: number, bytes: number, words: string): Outcome {
  if (code > 0) return (bytes === 0 ? withoutPage(words) : null) ?? "answered";
  const named = outcomeOfWords(words);
  if (named !== null) return named;
  // curl -v of some builds names no errno for a refusal; BusyBox nc says nothing at all.
  if (/curl: \((52|56)\)|closed without an answer/.test(words)) return "reset";
  if (/curl: \(28\)/.test(words)) return "timeout";
  return by === "nc" && words === "" && probe.kind === "tcp" ? "timeout" : "failed";
}

/** Headers came and nothing of a page that was to follow. A stream of unknown length may have nothing to tell yet. */
function withoutPage(words: string): Outcome | null {
  if (/curl: \((18|56|92)\)/.test(words)) return "reset";
  return /curl: \(28\).* 0 out of [1-9]/.test(words) ? "timeout" : null;
}
