import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { KeptCapture } from "./kept-capture.ts";
import type { Place } from "./place.ts";

const directory = mkdtempSync(join(tmpdir(), "lasthop-kept-"));
afterAll(() => rmSync(directory, { recursive: true }));

const PLACE: Place = { node: "k1", netns: "k1/host", path: null };
const bytes = (text: string) => new TextEncoder().encode(text);

it("two taps of one place at once, and a file that was there before: each keeps its own", async () => {
  const mine = join(directory, "k1-host.pcap");
  writeFileSync(mine, "of an earlier run");
  const taps = [new KeptCapture(directory, PLACE), new KeptCapture(directory, PLACE)];
  const writers = taps.map((tap) => tap.writer(null));
  for (const round of ["one", "two"]) {
    for (const [i, write] of writers.entries()) write(bytes(`${i}${round} `));
  }
  const files = (await Promise.all(taps.map((tap) => tap.close()))).flat();
  expect(files).toEqual([join(directory, "k1-host-2.pcap"), join(directory, "k1-host-3.pcap")]);
  expect([mine, ...files].map((file) => readFileSync(file, "utf8"))).toEqual([
    "of an earlier run",
    "0one 0two ",
    "1one 1two ",
  ]);
});

it("a tap that is tried again begins its file anew", async () => {
  const tap = new KeptCapture(directory, { ...PLACE, netns: "k2/host" });
  tap.writer({ link: "eth0", direction: "in" })(bytes("header and half a packet"));
  tap.writer({ link: "eth0", direction: "in" })(bytes("whole"));
  expect(await tap.close()).toEqual([join(directory, "k2-host-eth0-in.pcap")]);
  expect(readFileSync(join(directory, "k2-host-eth0-in.pcap"), "utf8")).toBe("whole");
});
