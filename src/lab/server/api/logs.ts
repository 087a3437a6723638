import { existsSync, readFileSync, statSync, watch } from "node:fs";
import type { ServerResponse } from "node:http";
import { podLogPath } from "../../paths.ts";

/** `GET .../pods/NAME/log`, with the options of `kubectl logs` that choose what part of it. */
export function sendLog(
  lab: string,
  pod: { namespace: string; name: string },
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const path = podLogPath(lab, pod);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  response.writeHead(200, { "content-type": "text/plain" });
  if (query.get("previous") === "true") return void response.end();
  response.write(chosenLines(text, query));
  if (query.get("follow") !== "true") return void response.end();
  let sent = Buffer.byteLength(text);
  const watcher = watch(path, () => {
    if (statSync(path).size <= sent) return;
    const grown = readFileSync(path);
    response.write(grown.subarray(sent));
    sent = grown.length;
  });
  response.on("close", () => watcher.close());
}

function chosenLines(text: string, query: URLSearchParams): string {
  let lines = text.split("\n").slice(0, -1);
  const sinceSeconds = query.get("sinceSeconds");
  const since = sinceSeconds === null ? query.get("sinceTime") : Date.now() - Number(sinceSeconds) * 1000;
  if (since !== null) {
    const from = new Date(since).getTime();
    // A line without a time of its own belongs to the one before it.
    let recent = false;
    lines = lines.filter((line) => {
      const at = Date.parse(line.slice(0, line.indexOf(" ")));
      if (!Number.isNaN(at)) recent = at >= from;
      return recent;
    });
  }
  const tail = query.get("tailLines");
  if (tail !== null) lines = Number(tail) === 0 ? [] : lines.slice(-Number(tail));
  const limit = query.get("limitBytes");
  const chosen = lines.map((line) => `${line}\n`).join("");
  return limit === null ? chosen : Buffer.from(chosen).subarray(0, Number(limit)).toString();
}
