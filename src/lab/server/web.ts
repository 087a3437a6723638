import type { ServerResponse } from "node:http";
import { listenHttp, log } from "./http-listen.ts";
import type { WebConfig } from "./server-config.ts";

const MOST_BYTES = 1 << 20;

export async function serveWeb(config: WebConfig): Promise<object> {
  const ready = await listenHttp(config.port, config.address, (request, response) => {
    request.resume();
    if (request.url !== "/healthz") log("INFO", `${request.socket.remoteAddress} ${request.method} ${request.url} 200`);
    response.setHeader("content-type", "text/plain; charset=utf-8");
    response.setHeader("x-pod", config.pod);
    answer(response, `${config.pod} on ${config.node} (${config.address})\n`, request.url ?? "/");
  });
  log("INFO", `serving HTTP on ${config.address}:${config.port}`);
  return ready;
}

/** `/bytes/N`: as long an answer as was asked for, since a short one fits where others do not. */
function answer(response: ServerResponse, line: string, path: string): void {
  const bytes = Math.min(MOST_BYTES, Number(/^\/bytes\/(\d{1,7})$/.exec(path)?.[1] ?? 0));
  response.end(line.padEnd(bytes, ".\n"));
}
