import type { Lab } from "../../src/lab/lab.ts";
import { type Plan, type PlannedPod, serviceOf } from "../../src/lab/plan.ts";
import { command } from "../lab/command.ts";

/** Something that users of a cluster do, tried with curl and nothing of the product. */
export interface Symptom {
  /** As it is typed for `lasthop diagnose`. */
  readonly input: string;
  /** One status a try: 200, 502, or 000 where nothing answered. */
  readonly try: () => Promise<readonly string[]>;
  /** More of the command line, where it is tried from elsewhere. */
  readonly flags?: readonly string[];
}

/** Enough that a third of them failing is missed once in ten thousand times. */
const TRIES_OF_MANY_ENDPOINTS = 24;
const TRIES_OF_ONE_ENDPOINT = 6;
/** A SYN that a bridge drops has no conntrack entry yet: when it is sent again, after one second, chance chooses anew. */
const BEFORE_ANOTHER_CHANCE = 0.9;

/** The lab's URLs from outside, and a Service from the pods of every node, for nodes that neither URL crosses. */
export function symptomsOf(lab: Lab, plan: Plan): readonly Symptom[] {
  const frontend = serviceOf(plan, "frontend");
  const web = plan.pods.filter((pod) => pod.app === "web");
  return [
    { input: lab.url, try: () => repeat(TRIES_OF_ONE_ENDPOINT, () => getFrom(lab.clientNetns, lab.url)) },
    { input: lab.webUrl, try: () => repeat(TRIES_OF_MANY_ENDPOINTS, () => getFrom(lab.clientNetns, lab.webUrl)) },
    {
      input: "svc/frontend",
      try: () => Promise.all(web.map((pod) => getFrom(pod.netns, `http://${frontend.clusterIp}/healthz`))),
    },
  ];
}

/** A pod calls a Service. */
export function serviceCall(plan: Plan, service: string, caller: PlannedPod): Symptom {
  const { clusterIp } = serviceOf(plan, service);
  const endpoints = plan.pods.filter((pod) => pod.app === service).length;
  const tries = endpoints > 1 ? TRIES_OF_MANY_ENDPOINTS : TRIES_OF_ONE_ENDPOINT;
  return {
    input: `svc/${service}`,
    flags: ["--from", `pod/${caller.namespace}/${caller.name}`],
    try: () => repeat(tries, () => getFrom(caller.netns, `http://${clusterIp}/healthz`, BEFORE_ANOTHER_CHANCE)),
  };
}

export function isHealthy(statuses: readonly string[]): boolean {
  return statuses.every((status) => status === "200");
}

/** `6 × 502` */
export function countsText(statuses: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(", ");
}

/** The gateway gives its backend one second; a SYN that is sent again after one is answered before two. */
export async function getFrom(netns: string, url: string, withinSeconds = 2.5): Promise<string> {
  const format = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", String(withinSeconds)];
  return (await command("ip", "netns", "exec", netns, "curl", ...format, url)).stdout;
}

/** As getFrom, so many times and on as many connections, by one curl: as many processes would keep a small machine busy. */
export async function getAtOnce(netns: string, url: string, times: number): Promise<readonly string[]> {
  const format = ["-s", "-o", "/dev/null", "-w", "%{http_code}\\n", "-m", "5", "-H", "Connection: close"];
  const parallel = ["--parallel", "--parallel-immediate", "--parallel-max", String(times)];
  const { stdout } = await command("ip", "netns", "exec", netns, "curl", ...format, ...parallel, `${url}?[1-${times}]`);
  return stdout.split("\n").filter((status) => status !== "");
}

/** As a program in a pod resolves a name, by its resolv.conf; in the words of a status. */
export async function resolveFrom(netns: string, name: string): Promise<string> {
  const asked = ["env", "RES_OPTIONS=timeout:1 attempts:1", "getent", "ahostsv4", name];
  return (await command("ip", "netns", "exec", netns, ...asked)).code === 0 ? "200" : "000";
}

function repeat(times: number, once: () => Promise<string>): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: times }, once));
}
