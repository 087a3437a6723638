import { phrase } from "../../facts/phrase.ts";
import { unknown } from "../../facts/provenance.ts";
import type { Bundle } from "../transport/bundle.ts";
import { clusterFromObjects, type Kind, type KubeObjects } from "./cluster-from-objects.ts";
import type { KubeReader } from "./kube-reader.ts";

const KINDS: readonly Kind[] = [
  "namespaces",
  "nodes",
  "pods",
  "services",
  "endpointslices",
  "endpoints",
  "networkpolicies",
];

/** The objects that lie in a bundle. */
export function openRecordedKube(bundle: Pick<Bundle, "apiObjects" | "whyNoObjects">): KubeReader {
  return {
    via: "a bundle",
    async cluster() {
      const lists = await Promise.all(KINDS.map(async (kind) => [kind, await bundle.apiObjects(kind)] as const));
      const objects = Object.fromEntries(lists) as KubeObjects;
      const { cluster, notChecked } = clusterFromObjects(objects);
      const needless: Kind = objects.endpointslices === null ? "endpointslices" : "endpoints";
      const missing = lists.filter(([kind, list]) => list === null && kind !== needless);
      const unread = missing.map(([what]) => ({ what, why: bundle.whyNoObjects(what) }));
      return { cluster, notChecked: [...unread, ...notChecked] };
    },
    podLog: async () => unknown(phrase("logs-not-in-bundle")),
  };
}
