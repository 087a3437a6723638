import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { listenHttp, log } from "./http-listen.ts";
import type { GatewayConfig } from "./server-config.ts";

/** Passes every request on to the backend Service, over a new connection each, as many an ingress does. */
export async function serveGateway(config: GatewayConfig): Promise<object> {
  const ready = await listenHttp(config.port, config.address, (request, response) => {
    request.resume();
    if (request.url === "/healthz") response.end("ok\n");
    else passOn(config, request, response);
  });
  const { name, address, port } = config.upstream;
  log("INFO", `serving HTTP on ${config.address}:${config.port}, upstream ${name}:${port} (${address}:${port})`);
  return ready;
}

function passOn(config: GatewayConfig, request: IncomingMessage, response: ServerResponse): void {
  const { name, address, port } = config.upstream;
  const upstream = `${name}:${port} (${address}:${port})`;
  let connected = false;
  const fail = (reason: string): void => {
    if (response.headersSent) return void response.destroy();
    const status = connected ? 504 : 502;
    log("ERROR", `${connected ? "read from" : "connect to"} ${upstream} failed: ${reason}`);
    log("INFO", `${request.socket.remoteAddress} ${request.method} ${request.url} ${status}`);
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "x-frontend": config.pod });
    response.end(`${status} ${connected ? "Gateway Timeout" : "Bad Gateway"}\n`);
  };
  const onward = httpRequest(
    { host: address, port, path: request.url, agent: false, headers: { host: name, connection: "close" } },
    (answer) => {
      clearTimeout(timer);
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      answer.on("error", (error) => fail(describe(error)));
      answer.on("end", () => {
        log("INFO", `${request.socket.remoteAddress} ${request.method} ${request.url} ${answer.statusCode}`);
        response.writeHead(answer.statusCode ?? 502, {
          "content-type": "text/plain; charset=utf-8",
          "x-frontend": config.pod,
          "x-backend": String(answer.headers["x-pod"] ?? ""),
        });
        response.end(`frontend ${config.pod} on ${config.node} (${config.address})\nbackend ${body}`);
      });
    },
  );
  const giveUp = (milliseconds: number): NodeJS.Timeout =>
    setTimeout(() => onward.destroy(new Error(`timeout after ${milliseconds} ms`)), milliseconds);
  let timer = giveUp(config.connectTimeoutMs);
  onward.on("socket", (socket) =>
    socket.once("connect", () => {
      connected = true;
      clearTimeout(timer);
      timer = giveUp(config.readTimeoutMs);
    }),
  );
  onward.on("error", (error) => {
    clearTimeout(timer);
    fail(describe(error));
  });
  onward.end();
}

/** In the words of errno(3), which logs of other servers use too. */
function describe(error: NodeJS.ErrnoException): string {
  const words: Record<string, string> = {
    ECONNREFUSED: "connection refused (ECONNREFUSED)",
    EHOSTUNREACH: "no route to host (EHOSTUNREACH)",
    ENETUNREACH: "network is unreachable (ENETUNREACH)",
    ECONNRESET: "connection reset by peer (ECONNRESET)",
  };
  return words[error.code ?? ""] ?? error.message;
}
