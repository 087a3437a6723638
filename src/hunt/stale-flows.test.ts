import { beforeAll, expect, test } from "vitest";
import * as made from "../../test/explain/objects.ts";
import { recordedCluster } from "../../test/explain/recorded-cluster.ts";
import { ip } from "../facts/ip.ts";
import type { ConntrackEntry, Tuple } from "../facts/netns.ts";
import type { World } from "../facts/world.ts";
import type { Target } from "../think/symptom/target.ts";
import { failingLeg } from "../think/walk/branch.ts";
import type { Field } from "./field.ts";
import { placeOf } from "./place.ts";
import { staleFlows } from "./stale-flows.ts";

const CLIENT = "k1/pod:default/frontend-764dfd4598-hxw42";
const SERVICE = "10.43.238.112";
const ENDPOINT = "10.42.1.2";
const GONE = "10.42.1.77";

let healthy: World;
let clientIp: string;
beforeAll(async () => {
  healthy = (await recordedCluster("vxlan-healthy")).world;
  const links = healthy.netns.get(CLIENT)?.links;
  clientIp = links?.known
    ? (links.value.flatMap((l) => (l.name === "eth0" ? l.addresses : [])).find((a) => a.ip.family === 4)?.ip.text ?? "")
    : "";
});

function tuple(src: string, sport: number, dst: string, dport: number): Tuple {
  return { src: ip(src), sport, dst: ip(dst), dport };
}

function entry(protocol: number, original: Tuple, to: readonly [string, number]): ConntrackEntry {
  const reply = tuple(to[0], to[1], original.src.text, original.sport);
  const rest = { state: null, unreplied: true, assured: false, mark: 0, timeoutS: 29 };
  return { protocol, original, reply, ...rest, because: { source: null as never, line: 1 } };
}

function fieldWith(...entries: readonly ConntrackEntry[]): Field {
  const host = healthy.netns.get("k1/host");
  if (host === undefined) throw new Error("no k1");
  const netns = new Map(healthy.netns).set(host.id, { ...host, conntrack: { known: true, value: entries } });
  const endpoints = [{ ...made.endpoint("frontend", ENDPOINT), port: 53, protocol: "UDP" as const, portName: "dns" }];
  return { world: { ...healthy, netns }, cluster: { endpoints } } as unknown as Field;
}

function target(protocol: "tcp" | "udp" = "udp"): Target {
  const port = { name: "dns", protocol: "UDP", port: 53 };
  const service = { object: { namespace: "default", name: "frontend" }, port, through: "cluster-ip" };
  return { protocol, ip: ip(SERVICE), port: 53, url: null, service, pod: null, entry: null } as unknown as Target;
}

const asked = (sport: number) => tuple(clientIp, sport, SERVICE, 53);
const portsOf = (field: Field, from: Parameters<typeof staleFlows>[2] = null) =>
  staleFlows(field, target(), from, "").map(({ trial }) => trial.flow.sport);

test("a flow that is still sent to no endpoint is listened to, as it is: by its own address and port", () => {
  const [found, ...others] = staleFlows(fieldWith(entry(17, asked(40_000), [GONE, 53])), target(), null, "");
  const { trial } = found ?? {};
  expect(others).toEqual([]);
  expect(trial?.flow).toMatchObject({ from: CLIENT, src: { text: clientIp }, sport: 40_000, dport: 53 });
  expect(trial?.walk.branches.map((b) => b.destination.ip.text)).toEqual([GONE]);
  expect(trial?.walk.branches.map((b) => failingLeg(b)?.leg)).toEqual(["request"]);
});

test("also one that was never translated, from the time before there were endpoints", () => {
  expect(portsOf(fieldWith(entry(17, asked(40_000), [SERVICE, 53])))).toEqual([40_000]);
});

test("not one that leads to an endpoint, asks for another Service or port, or is of TCP", () => {
  const others = [
    entry(17, asked(40_000), [ENDPOINT, 53]),
    entry(17, tuple(clientIp, 40_001, "10.43.0.1", 53), [GONE, 53]),
    entry(17, tuple(clientIp, 40_002, SERVICE, 54), [GONE, 53]),
    entry(6, asked(40_003), [GONE, 53]),
  ];
  expect(portsOf(fieldWith(...others))).toEqual([]);
  expect(staleFlows(fieldWith(entry(17, asked(40_000), [GONE, 53])), target("tcp"), null, "")).toEqual([]);
});

test("not from elsewhere than the place that was named, nor from an address that nobody has", () => {
  const field = fieldWith(
    entry(17, asked(40_000), [GONE, 53]),
    entry(17, tuple("203.0.113.9", 1, SERVICE, 53), [GONE, 53]),
  );
  const place = (id: string) => [placeOf(healthy, id)].filter((one) => one !== null);
  expect(portsOf(field)).toEqual([40_000]);
  expect(portsOf(field, place(CLIENT))).toEqual([40_000]);
  expect(portsOf(field, place("k1/host"))).toEqual([]);
});

test("its client is sending where the entry's timer has just been set anew, by the timeout of its kind", () => {
  const at = (timeoutS: number, assured: boolean) =>
    staleFlows(fieldWith({ ...entry(17, asked(40_000), [GONE, 53]), timeoutS, assured }), target(), null, "").map(
      ({ wasSending }) => wasSending,
    );
  // Its kernel has 30 and 120 seconds.
  expect(at(29, false)).toEqual([true]);
  expect(at(12, false)).toEqual([false]);
  expect(at(117, true)).toEqual([true]);
  expect(at(29, true)).toEqual([false]);
  // Set by other timeouts than those of now.
  expect(at(60, false)).toEqual([false]);
});
