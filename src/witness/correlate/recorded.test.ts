import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseLinkNames, readCapture } from "../decode/capture.ts";
import type { Frame } from "../sighting.ts";
import { adoptFlows } from "./adopt-flows.ts";
import { correlate } from "./correlate.ts";
import { lastHopOf } from "../testing/last-hop.ts";
import { buildTrails, type ExpectedPoint, type Trail } from "./trail.ts";

function framesOf(fixture: string, nodes: readonly string[]): Frame[] {
  return nodes.flatMap((node) => {
    const linkNames = parseLinkNames(
      readFileSync(`fixtures/${fixture}/${node}/ip-link.txt`, "utf8").replaceAll(/\n +/g, " "),
    );
    const bytes = readFileSync(`fixtures/${fixture}/capture/${node}.pcap`);
    return [...readCapture(bytes, { netns: `${node}/host`, linkNames, only: null }).frames];
  });
}

/** `NODE LINK DIRECTION HEADER` of each point. */
function walked(trail: Trail, leg: "request" | "reply"): string[] {
  return trail[leg].map(({ sighting: s }) => `${s.netns.split("/")[0]} ${s.link} ${s.direction} ${s.header}`);
}

function adopt(frames: readonly Frame[], expected: readonly ExpectedPoint[] = []) {
  const flows = adoptFlows(frames);
  const { sightings } = correlate(flows, frames);
  const senders = new Map(flows.map((flow) => [flow.id, flow.netns]));
  const trails = buildTrails(sightings, expected, (probe) => senders.get(probe) ?? null);
  return { flows, trails, lastHop: (trail: Trail) => lastHopOf(trail, expected, [], senders.get(trail.probe) ?? null) };
}

describe("the incident (ipip-resumed)", () => {
  const { trails, lastHop } = adopt(framesOf("ipip-resumed", ["node1", "node2"]));
  const toPod = trails.filter((t) => !t.probe.includes("192.168.6.142"));

  it("follows echoes and connections through the tunnel to node2 tunl0, in", () => {
    expect(toPod.length).toBeGreaterThanOrEqual(5);
    for (const trail of toPod) {
      const hop = lastHop(trail);
      expect(hop.leg).toBe("request");
      expect(hop.point?.sighting).toMatchObject({
        netns: "node2/host",
        link: "tunl0",
        direction: "in",
        header: "inner",
      });
      expect(hop.returned).toBe(false);
    }
  });

  it("orders the nodes by the packet, although node2's clock is behind", () => {
    const ping = trails.find((t) => t.probe.endsWith("seq 1") && t.probe.includes("10.244.104.23")) as Trail;
    expect(walked(ping, "request")).toEqual([
      "node1 tunl0 out inner",
      "node1 eth0 out outer",
      "node2 eth0 in outer",
      "node2 tunl0 in inner",
    ]);
    const [first, , third] = ping.request;
    expect((third?.sighting.atNs ?? 0n) < (first?.sighting.atNs ?? 0n)).toBe(true);
  });

  it("follows the Service's connection from before its DNAT", () => {
    const pod = trails.find((t) => t.probe.includes("10.101.23.7:80")) as Trail;
    expect(walked(pod, "request")[0]).toBe(
      "node1 cali8d24b96f3c1 in inner".replace(/cali\S+/, pod.request[0]?.sighting.link ?? ""),
    );
    expect(walked(pod, "request").slice(1)).toEqual([
      "node1 tunl0 out inner",
      "node1 eth0 out outer",
      "node2 eth0 in outer",
      "node2 tunl0 in inner",
    ]);
    expect(pod.request.every((point) => point.count >= 2)).toBe(true);
  });

  it("sees the ping of the node itself answered", () => {
    const node = trails.find((t) => t.probe.includes("192.168.6.142")) as Trail;
    expect(walked(node, "reply")).toEqual(["node2 eth0 out inner", "node1 eth0 in inner"]);
    expect(lastHop(node)).toMatchObject({ leg: "reply", returned: true });
  });

  it("keeps what was seen off the expected path, and says that it was", () => {
    const expected: ExpectedPoint[] = [
      { netns: "node1/host", link: "tunl0", direction: "out", leg: "request", header: "inner" },
      { netns: "node1/host", link: "eth0", direction: "out", leg: "request", header: "outer" },
      { netns: "node3/host", link: "eth0", direction: "in", leg: "request", header: "outer" },
    ];
    const { trails, lastHop } = adopt(framesOf("ipip-resumed", ["node1", "node2"]), expected);
    const ping = trails.find((t) => t.probe.endsWith("seq 2") && t.probe.includes("10.244.104.23")) as Trail;
    expect(ping.request.map((p) => p.expectedAt)).toEqual([0, 1, null, null]);
    expect(lastHop(ping)).toMatchObject({ isOffPath: true, next: null, absenceIsProven: false });
  });
});

describe("vxlan-ip-forward-off", () => {
  const { trails, lastHop } = adopt(framesOf("vxlan-ip-forward-off", ["k1", "k2"]));

  it("ends the captured pings and the lost connections at k2 flannel.1, in", () => {
    const lost = trails.filter((t) => t.reply.length === 0);
    // As the recording has it: two of three curls to the NodePort timed out, and three pings.
    expect(lost.map((t) => t.probe.replace(/ .*>/, " ").replace(/ \d+$/, "")).sort()).toEqual([
      "icmp 10.42.0.3 id 22741 seq",
      "icmp 10.42.0.3 id 22741 seq",
      "icmp 10.42.0.3 id 22741 seq",
      "tcp 192.168.6.141:30007",
      "tcp 192.168.6.141:30007",
    ]);
    for (const trail of lost) {
      expect(lastHop(trail).point?.sighting, trail.probe).toMatchObject({
        netns: "k2/host",
        link: "flannel.1",
        direction: "in",
        header: "inner",
      });
    }
  });

  it("follows the connections whose answers did come, data included", () => {
    const answered = trails.filter((t) => lastHop(t).leg === "reply");
    expect(answered.length).toBeGreaterThan(0);
    expect(trails.some((t) => t.probe.endsWith(":data") && t.reply.length > 0)).toBe(true);
  });
});

describe("vxlan-healthy", () => {
  const { flows, trails, lastHop } = adopt(framesOf("vxlan-healthy", ["k1", "k2"]));

  it("finds an answer for every connection between the tapped nodes", () => {
    const between = trails.filter((t) => t.probe.startsWith("tcp") && !t.probe.endsWith(":data"));
    expect(between.length).toBeGreaterThan(3);
    for (const trail of between) expect(lastHop(trail).leg, trail.probe).toBe("reply");
    expect(new Set(flows.map((f) => f.id)).size).toBe(flows.length);
  });
});
