import { EventEmitter } from "node:events";
import type { KubeObject } from "../../objects/kube-object.ts";
import { apiVersionOf, type Resource, resourceOfKind } from "./resources.ts";

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: KubeObject;
}

/** The objects, in memory, with one growing revision as etcd has it. */
export class Store {
  readonly #objects = new Map<string, KubeObject>();
  readonly #changes = new EventEmitter<{ change: [WatchEvent] }>().setMaxListeners(0);
  #revision = 100;

  get revision(): string {
    return String(this.#revision);
  }

  list(resource: Resource, namespace: string | null): KubeObject[] {
    const prefix = namespace === null ? `${resource.plural}/` : `${resource.plural}/${namespace}/`;
    return [...this.#objects.entries()]
      .filter(([key, object]) => key.startsWith(prefix) && object.apiVersion === apiVersionOf(resource))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  get(resource: Resource, namespace: string | null, name: string): KubeObject | null {
    return this.#objects.get(keyOf(resource, namespace, name)) ?? null;
  }

  /** Stores an object under a new revision, unless it is what is stored already. */
  put(object: KubeObject): KubeObject {
    const resource = resourceOfKind(object.kind);
    const key = keyOf(resource, object.metadata.namespace ?? null, object.metadata.name);
    const old = this.#objects.get(key);
    if (old && contentOf(old) === contentOf(object)) return old;
    this.#revision += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: this.revision } };
    this.#objects.set(key, stored);
    this.#changes.emit("change", { type: old ? "MODIFIED" : "ADDED", object: stored });
    return stored;
  }

  /** With what it owns: the endpoints that were made of a Service. */
  remove(object: KubeObject): void {
    const { namespace = null, name } = object.metadata;
    const isOwned = (other: KubeObject): boolean =>
      object.kind === "Service" &&
      other.metadata.namespace === namespace &&
      ((other.kind === "Endpoints" && other.metadata.name === name) ||
        (other.kind === "EndpointSlice" && other.metadata.labels?.["kubernetes.io/service-name"] === name));
    for (const [key, other] of this.#objects) {
      if (other !== object && !isOwned(other)) continue;
      this.#objects.delete(key);
      this.#revision += 1;
      this.#changes.emit("change", { type: "DELETED", object: other });
    }
  }

  onChange(listener: (event: WatchEvent) => void): () => void {
    this.#changes.on("change", listener);
    return () => this.#changes.off("change", listener);
  }
}

function keyOf(resource: Resource, namespace: string | null, name: string): string {
  return `${resource.plural}/${namespace ?? ""}/${name}`;
}

function contentOf(object: KubeObject): string {
  return JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: "" } });
}
