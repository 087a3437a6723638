import { request } from "node:https";
import type { ApiAccess } from "./kubeconfig.ts";
import { LabError } from "./lab-error.ts";

export interface ApiObject {
  spec?: unknown;
  metadata: { name: string };
}

export async function getObject(api: ApiAccess, path: string): Promise<ApiObject> {
  return JSON.parse(await call(api, "GET", path, null)) as ApiObject;
}

export async function patchObject(api: ApiAccess, path: string, patch: readonly object[]): Promise<void> {
  await call(api, "PATCH", path, JSON.stringify(patch), "json-patch");
}

/** Lists of conditions are joined by their type, as controllers send them. */
export async function mergeObject(api: ApiAccess, path: string, patch: object): Promise<void> {
  await call(api, "PATCH", path, JSON.stringify(patch), "strategic-merge-patch");
}

function call(
  api: ApiAccess,
  method: string,
  path: string,
  body: string | null,
  kind: "json-patch" | "strategic-merge-patch" = "json-patch",
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(
        new LabError(
          `The lab's API did not take ${method} ${path}: ${why}.`,
          "Build the lab anew: lasthop lab down, then lasthop lab up.",
          { cause },
        ),
      );
    const sent = request(
      new URL(path, api.url),
      {
        method,
        ca: api.ca,
        agent: false,
        timeout: 10_000,
        headers: {
          authorization: `Bearer ${api.token}`,
          ...(body === null ? {} : { "content-type": `application/${kind}+json` }),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => (response.statusCode === 200 ? resolve(text) : fail(text.trim())));
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer within 10 s")));
    sent.on("error", (error) => fail(error.message, error));
    sent.end(body ?? undefined);
  });
}
