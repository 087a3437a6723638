import { listenHttp, log } from "./http-listen.ts";
import type { WebConfig } from "./server-config.ts";

export async function serveWeb(config: WebConfig): Promise<object> {
  const ready = await listenHttp(config.port, config.address, (request, response) => {
    request.resume();
    if (request.url !== "/healthz") log("INFO", `${request.socket.remoteAddress} ${request.method} ${request.url} 200`);
    response.setHeader("content-type", "text/plain; charset=utf-8");
    response.setHeader("x-pod", config.pod);
    response.end(`${config.pod} on ${config.node} (${config.address})\n`);
  });
  log("INFO", `serving HTTP on ${config.address}:${config.port}`);
  return ready;
}
