import type { Plan } from "../plan.ts";

/** Who a pod is, which its answers say. */
export interface PodIdentity {
  pod: string;
  node: string;
  address: string;
}

export interface WebConfig extends PodIdentity {
  serve: "web";
  port: number;
}

export interface GatewayConfig extends PodIdentity {
  serve: "gateway";
  port: number;
  /** The Service it passes requests on to, by the address that kubelet puts in a pod's environment. */
  upstream: { name: string; address: string; port: number };
  connectTimeoutMs: number;
  readTimeoutMs: number;
}

export interface DnsConfig extends PodIdentity {
  serve: "dns";
  /** Names without the final dot, to addresses. */
  records: Record<string, string>;
}

export interface ResolverConfig extends PodIdentity {
  serve: "resolver";
  /** The port that it sends from. */
  sport: number;
  server: { address: string; port: number };
  /** What it asks for, without the final dot. */
  name: string;
}

export interface ApiConfig {
  serve: "api";
  plan: Plan;
  certificate: string;
  key: string;
  token: string;
}

export type ServerConfig = WebConfig | GatewayConfig | DnsConfig | ResolverConfig | ApiConfig;
