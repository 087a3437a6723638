import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { phrase } from "../../facts/phrase.ts";
import type { Limits } from "../transport/reader.ts";
import { KubeError } from "./kube-reader.ts";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What a request that changes something carries. */
export interface Body {
  readonly type: string;
  readonly text: string;
}

/** GET, with the address and the credentials of the kubeconfig. @throws KubeError when there is no answer. */
export function get(config: KubeConfig, path: string, limits: Limits): Promise<Answer> {
  return request(config, "GET", path, null, limits);
}

/** @throws KubeError when there is no answer. */
export async function request(
  config: KubeConfig,
  method: "GET" | "PATCH",
  path: string,
  body: Body | null,
  limits: Limits,
): Promise<Answer> {
  const cluster = config.getCurrentCluster();
  const server = cluster?.server ?? "";
  const headers = { Accept: "application/json", ...(body === null ? {} : { "Content-Type": body.type }) };
  const options: https.RequestOptions = { method, headers };
  // Nobody should hear the credentials: `kubectl proxy` needs none, and client-node refuses to make such options.
  const isBare = /^http:/i.test(server) && cluster?.skipTLSVerify !== true;
  try {
    if (!isBare) await config.applyToHTTPSOptions(options);
  } catch (error) {
    const hint = phrase("check-credentials");
    throw new KubeError(phrase("kubeconfig-unusable", { server, why: messageOf(error) }), { cause: error, hint });
  }
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  const signal = limits.signal === undefined ? timeout : AbortSignal.any([timeout, limits.signal]);
  const url = new URL(server.replace(/\/+$/, "") + path);
  try {
    return await send(url, { ...options, signal }, body?.text ?? null, limits.maxBytes);
  } catch (error) {
    const why = timeout.aborted ? phrase("no-answer-within", { ms: limits.timeoutMs }) : messageOf(error);
    const hint = phrase("check-api");
    const isFinal = !isBroken(error);
    throw new KubeError(phrase("api-unreachable", { server, why }), { cause: error, hint, isFinal });
  }
}

function send(url: URL, options: https.RequestOptions, body: string | null, maxBytes: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "http:" ? http : https).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= maxBytes) return void chunks.push(chunk);
        reject(new Error(`its answer is longer than ${maxBytes} bytes`));
        request.destroy();
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    request.on("error", reject);
    request.end(body ?? undefined);
  });
}

/** Node gives one error for several addresses an empty message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(", ");
  return error instanceof Error ? error.message || error.name : String(error);
}

/** The connection ended before the answer did. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
