import { beforeAll, describe, expect, test } from "vitest";
import * as make from "../../../test/explain/faults.ts";
import { recordedCluster } from "../../../test/explain/recorded-cluster.ts";
import { flowTo } from "../../../test/explain/what-happens.ts";
import type { World } from "../../facts/world.ts";
import type { Walk } from "../../think/walk/branch.ts";
import { walk } from "../../think/walk/walk.ts";
import { en } from "../i18n/en.ts";
import { jsonOf } from "./walk-json.ts";
import { headersText, walkText } from "./walk-text.ts";

const plain = { color: false, verbose: false, words: en };
const TO_SERVICE = flowTo("k1/pod:default/frontend-764dfd4598-hxw42", "10.43.238.112", 80);

let world: World;
let service: Walk;
beforeAll(async () => {
  world = make.sysctl("k2/host", "net.ipv4.ip_forward", "0")((await recordedCluster("vxlan-healthy")).world);
  service = walk(world, TO_SERVICE);
});

describe("a walk in words", () => {
  test("has a mark, a chance and an end for every branch", () => {
    const text = walkText(service, plain);
    const heads = text.split("\n").filter((line) => /^[✓✗?] /.test(line));
    expect(heads.map((line) => line.slice(0, 1)).sort()).toEqual(["✓", "✓", "✗"]);
    expect(heads.every((line) => /branch \d of 3 {2}chance 0\.3\d\d$/.test(line))).toBe(true);
    expect(text).toContain("FORWARDING_OFF  The ingress interface does not forward");
    expect(text.match(/^ {2}reply$/gm)?.length).toBe(2);
  });

  test("names each place once as it is entered, and the fact behind every step when asked", () => {
    const [line] = walkText(walk(world, flowTo("k1/host", "10.42.1.2", 8080)), plain).split("\n");
    expect(line).toBe("✓ tcp → 10.42.1.2:8080");
    const verbose = walkText(service, { ...plain, verbose: true });
    expect(verbose).toMatch(/ip_route_input_slow {2}\[ip .*:\d+\]/);
    expect(walkText(service, plain)).not.toContain("ip_route_input_slow");
  });

  test("says what is not known", () => {
    const netns = new Map(world.netns);
    const k2 = world.netns.get("k2/host");
    if (k2 === undefined) throw new Error("no k2");
    netns.set("k2/host", { ...k2, sysctls: { known: false, why: "permission denied" } });
    const text = walkText(walk({ ...world, netns }, flowTo("k1/host", "10.42.0.3", 8080)), plain);
    expect(text).toMatch(/^\? /);
    expect(text).toContain("whether flannel.1 in k2/host forwards is not known");
  });

  test("lets no name of a link move the cursor", () => {
    const evil = (one: string | null) => (one === "flannel.1" ? "fl\u001b[2J" : one);
    const branches = service.branches.map((b) => ({ ...b, steps: b.steps.map((s) => ({ ...s, link: evil(s.link) })) }));
    const text = walkText({ ...service, branches }, plain);
    expect(text).toContain("fl[2J");
    expect(text).not.toContain("\u001b");
  });

  test("shows the tunnel's packet before the one inside", () => {
    const step = service.branches.flatMap((b) => b.steps).find((s) => s.packet.headers.some((h) => h.kind === "vxlan"));
    expect(headersText(step?.packet.headers ?? [])).toMatch(
      /^192\.168\.6\.141:\d+ > 192\.168\.6\.14\d:8472 udp \| vxlan 1 \| 10\.42\.2\.2:29999 > 10\.42\.[01]\.\d:8080 tcp$/,
    );
    expect(headersText([])).toBe("");
  });
});

test("a walk as JSON is plain values", () => {
  const json = JSON.parse(JSON.stringify(jsonOf(service, en)));
  expect(json.schema).toBe("lasthop/walk/v1");
  expect(json.flow).toMatchObject({ from: TO_SERVICE.from, dst: "10.43.238.112", src: null, dport: 80 });
  expect(json.branches.map((b: { end: string }) => b.end).sort()).toEqual(["DELIVERED", "DELIVERED", "FORWARDING_OFF"]);
  const lost = json.branches.find((b: { end: string }) => b.end === "FORWARDING_OFF");
  expect(lost).toMatchObject({
    node: "k2",
    netns: "host",
    interface: "flannel.1",
    to: { ip: "10.42.0.3", port: 8080 },
    reply: [],
  });
  expect(lost.steps.at(-1)).toMatchObject({ kind: "route-input", node: "k2", netns: "host", interface: "flannel.1" });
});
