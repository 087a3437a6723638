import { expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import { parseIp } from "../../facts/ip.ts";
import { phrase } from "../../facts/phrase.ts";
import { prepare, PortAllocator } from "./prepare.ts";
import type { Probe } from "./probe.ts";

const random = (bytes: number): Uint8Array => new Uint8Array(bytes);
const from = { node: "k1", netns: "k1/host", path: null };

function detailsOf(outcome: { readonly failure: ReturnType<typeof phrase> | null; readonly status: number | null }) {
  const dst = parseIp("10.42.1.2");
  if (dst === null) throw new Error("no address");
  const probe: Probe = {
    kind: "icmp",
    id: "p1",
    from,
    src: null,
    dst,
    attempts: 2,
    deadlineMs: 800,
    alsoTo: [],
    bytes: null,
  };
  const { answers } = prepare(probe, random, new PortAllocator(random)).read({ text: "", ...outcome });
  return answers.map((answer) => said(answer.detail));
}

test("a probe that could not be sent says why in words", () => {
  expect(detailsOf({ failure: null, status: 127 })).toEqual(["ping is not installed", "ping is not installed"]);
  expect(detailsOf({ failure: phrase("node-silent", { ms: 500 }), status: null })).toEqual(
    Array(2).fill("the node gives no answer within 500 ms"),
  );
});
