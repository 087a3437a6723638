import { expect, test } from "vitest";
import { said } from "../../test/said.ts";
import type { World } from "../facts/world.ts";
import type { Capture } from "../read/bundle/replay.ts";
import type { Bundle } from "../read/transport/bundle.ts";
import { LINK_TYPES } from "../witness/decode/link-layer.ts";
import { readCaptures } from "./recorded-captures.ts";

const HOST = { id: "k1/host", node: "k1", path: null, links: { known: true, value: [] } };
const WORLD = { netns: new Map([[HOST.id, HOST]]), wires: [] } as unknown as World;

/** A pcap file with one record at each of these microseconds. */
function pcap(linkType: number, ...times: readonly number[]): Uint8Array {
  const words = (...values: readonly number[]) => Buffer.from(Uint32Array.from(values).buffer);
  const bytes = Buffer.alloc(40);
  const records = times.flatMap((time) => [words(1, time, bytes.length, bytes.length), bytes]);
  return Buffer.concat([words(0xa1b2c3d4, 0x40002, 0, 0, 65_535, linkType), ...records]);
}

/** Read from these files, by the link that each heard; of `any` the capture itself tells. */
async function readFrom(files: Readonly<Record<string, Uint8Array>>) {
  const captures = Object.keys(files).map((path): Capture => {
    const [link = "", direction] = path.split(" ");
    const only = link === "any" ? null : { link, direction: direction === "in" ? ("in" as const) : ("out" as const) };
    return { node: "k1", netns: null, path, only, why: null };
  });
  const bundle = {
    captures: async () => captures,
    capture: async ({ path }: Capture) => ({ bytes: files[path] as Uint8Array, truncated: false }),
  };
  const { frames, reports } = await readCaptures(bundle as unknown as Bundle, WORLD);
  return {
    frames: frames.map(({ link, direction, order }) => `${order} ${link} ${direction}`),
    reports: reports.map(({ netns, captured, trustworthy, why }) => [netns, captured, trustworthy, said(why)]),
  };
}

test("what several files of one namespace hold is put in the order in which it was there", async () => {
  const { frames, reports } = await readFrom({
    "eth0 out": pcap(LINK_TYPES.EN10MB, 2, 6),
    "cni0 in": pcap(LINK_TYPES.EN10MB, 1, 5),
    "cni0 out": pcap(LINK_TYPES.EN10MB, 4),
    "lo in": pcap(LINK_TYPES.EN10MB),
    "eth0 in": pcap(LINK_TYPES.EN10MB, 3),
  });
  expect(frames).toEqual(["0 cni0 in", "1 eth0 out", "2 eth0 in", "3 cni0 out", "4 cni0 in", "5 eth0 out"]);
  expect(reports).toEqual([["k1/host", 6, true, null]]);
});

test("a namespace of whose files one failed proves nothing, and neither does one whose files are all empty", async () => {
  const { reports } = await readFrom({
    "eth0 in": pcap(LINK_TYPES.EN10MB, 1),
    "eth0 out": Buffer.alloc(64),
    "cni0 in": pcap(LINK_TYPES.EN10MB, 1),
  });
  expect(reports).toEqual([["k1/host", 2, false, "not a pcap file"]]);
  const empty = await readFrom({ "eth0 in": pcap(LINK_TYPES.EN10MB), "eth0 out": pcap(LINK_TYPES.EN10MB) });
  expect(empty.reports).toEqual([["k1/host", 0, false, "its capture holds no packet at all"]]);
});

test.each(["LINUX_SLL", "EN10MB"] as const)("a capture of %s that names no interface is not used", async (name) => {
  const { frames, reports } = await readFrom({ any: pcap(LINK_TYPES[name], 1, 2) });
  expect(frames).toEqual([]);
  expect(reports).toEqual([
    ["k1/host", 0, false, "its capture does not tell on which interface a packet was: use LINUX_SLL2"],
  ]);
  const named = await readFrom({ any: pcap(LINK_TYPES.LINUX_SLL2, 1, 2) });
  expect(named.reports).toEqual([["k1/host", 2, true, null]]);
});
