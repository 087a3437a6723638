import { request } from "node:https";
import type { ApiAccess } from "./kubeconfig.ts";
import { LabError } from "./lab-error.ts";

export interface ApiObject {
  spec?: unknown;
  metadata: { name: string };
}

export async function getObject<T = ApiObject>(api: ApiAccess, path: string): Promise<T> {
  return JSON.parse(await call(api, "GET", path, null)) as T;
}

export async function patchObject(api: ApiAccess, path: string, patch: readonly object[]): Promise<void> {
  await call(api, "PATCH", path, { type: "application/json-patch+json", text: JSON.stringify(patch) });
}

/** Lists of conditions are joined by their type, as controllers send them. */
export async function mergeObject(api: ApiAccess, path: string, patch: object): Promise<void> {
  await call(api, "PATCH", path, { type: "application/strategic-merge-patch+json", text: JSON.stringify(patch) });
}

export async function createObject(api: ApiAccess, collection: string, object: object): Promise<void> {
  await call(api, "POST", collection, { type: "application/json", text: JSON.stringify(object) });
}

/** One that is gone already is no failure. */
export async function deleteObject(api: ApiAccess, path: string): Promise<void> {
  await call(api, "DELETE", path, null, [200, 404]);
}

interface Body {
  readonly type: string;
  readonly text: string;
}

function call(
  api: ApiAccess,
  method: string,
  path: string,
  body: Body | null,
  good: readonly number[] = [200, 201],
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(
        new LabError(
          {
            en: `The lab's API did not take ${method} ${path}: ${why}.`,
            zh: `实验环境的 API 没有接受 ${method} ${path}：${why}。`,
          },
          {
            en: "Build the lab anew: lasthop lab down, then lasthop lab up.",
            zh: "请重建实验环境：先 lasthop lab down，再 lasthop lab up。",
          },
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
          ...(body === null ? {} : { "content-type": body.type }),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => (good.includes(response.statusCode ?? 0) ? resolve(text) : fail(text.trim())));
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer within 10 s")));
    sent.on("error", (error) => fail(error.message, error));
    sent.end(body?.text);
  });
}
