import type { ServerResponse } from "node:http";

export class ApiFailure extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** meta.k8s.io/v1 Status, which is how kubectl gets to know what went wrong. */
export function sendFailure(response: ServerResponse, error: unknown): void {
  const failure =
    error instanceof ApiFailure
      ? error
      : new ApiFailure(500, "InternalError", error instanceof Error ? error.message : String(error));
  if (response.headersSent) return void response.destroy();
  sendJson(response, failure.code, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: failure.message,
    reason: failure.reason,
    code: failure.code,
  });
}

export function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
