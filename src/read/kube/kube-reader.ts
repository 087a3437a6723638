import type { Cluster } from "../../facts/cluster.ts";
import type { Phrase } from "../../facts/phrase.ts";
import type { Known } from "../../facts/provenance.ts";
import { ToldError } from "../../facts/told-error.ts";
import type { NotChecked } from "../../facts/world.ts";
import type { Limits } from "../transport/reader.ts";

export interface ClusterReading {
  readonly cluster: Cluster;
  readonly notChecked: readonly NotChecked[];
}

export interface PodLogRequest {
  readonly namespace: string;
  readonly pod: string;
  /** Needed where a pod has several. */
  readonly container?: string;
  readonly sinceSeconds: number;
  readonly tailLines: number;
}

/** Where Kubernetes' objects come from: the API, or a bundle. */
export interface KubeReader {
  /** For people: `https://192.168.6.141:6443`, `a bundle`. */
  readonly via: string;
  /** @throws KubeError when nothing can be had at all; a kind that cannot be read is in `notChecked`. */
  cluster(limits: Limits): Promise<ClusterReading>;
  /**
   * The last `tailLines` of a container's log, none older than `sinceSeconds`. Where they are more than `limits.maxBytes`, the newest
   * are wanting: the kubelet counts from the oldest (pkg/kubelet/kuberuntime/logs, ReadLogs).
   */
  podLog(request: PodLogRequest, limits: Limits): Promise<Known<string>>;
}

/** The API cannot be used: for people, with what would help. */
export class KubeError extends ToldError {
  override name = "KubeError";
  /** Asking again would not help. */
  readonly isFinal: boolean;

  constructor(told: Phrase, options: ErrorOptions & { readonly hint?: Phrase; readonly isFinal?: boolean } = {}) {
    super(told, options.hint ?? null, options);
    this.isFinal = options.isFinal ?? true;
  }
}
