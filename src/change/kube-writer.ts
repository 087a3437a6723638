import { phrase } from "../facts/phrase.ts";
import { KubeError } from "../read/kube/kube-reader.ts";
import { type KubeOptions, loadConfig } from "../read/kube/live.ts";
import { request } from "../read/kube/request.ts";
import type { Limits } from "../read/transport/reader.ts";
import type { ApiWriter } from "./repair/hands.ts";
import type { ObjectRef } from "./repair/kind.ts";

/** Where the kinds that a repair may touch live in the API. */
const COLLECTIONS: Readonly<Record<string, string>> = { Service: "services" };

/** Reads and patches single objects, with the kubeconfig's own rights. @throws KubeError when there is no usable kubeconfig. */
export async function openKubeWriter(options: KubeOptions, limits: Limits): Promise<ApiWriter> {
  const config = await loadConfig(options);
  const send = async (ref: ObjectRef, method: "GET" | "PATCH", patch: unknown): Promise<unknown> => {
    const body = method === "GET" ? null : { type: "application/json-patch+json", text: JSON.stringify(patch) };
    const answer = await request(config, method, pathOf(ref), body, limits);
    if (answer.status < 200 || answer.status > 299) {
      throw new KubeError(
        phrase("api-refuses", { method, path: pathOf(ref), status: answer.status, said: answer.body.slice(0, 300) }),
      );
    }
    return JSON.parse(answer.body);
  };
  return {
    read: (ref) => send(ref, "GET", null),
    patch: (ref, patch) => send(ref, "PATCH", patch),
  };
}

function pathOf({ kind, namespace, name }: ObjectRef): string {
  const collection = COLLECTIONS[kind];
  if (collection === undefined) throw new KubeError(phrase("kind-not-changed", { kind }));
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/${collection}/${encodeURIComponent(name)}`;
}
