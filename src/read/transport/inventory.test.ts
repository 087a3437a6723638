import { failureSaid, said } from "../../../test/said.ts";
import { ToldError } from "../../facts/told-error.ts";
import { expect, test } from "vitest";
import { parseInventory, readInventory } from "./inventory.ts";

const none = { netns: null, address: null, user: null, port: null };

test("reads nodes by namespace or address, and the vantage", () => {
  const inventory = parseInventory(
    "nodes:\n  k1: {netns: lab-k1}\n  k2: {address: 192.168.6.142, user: root}\nhere: {netns: lab-client}\n",
    "f",
  );
  expect([...inventory.nodes]).toEqual([
    ["k1", { ...none, netns: "lab-k1" }],
    ["k2", { ...none, address: "192.168.6.142", user: "root" }],
  ]);
  expect(inventory.here).toEqual({ ...none, netns: "lab-client" });
});

test("reads the short form, and JSON", () => {
  const short = parseInventory("k1: lab-k1\nk2: /run/netns/x\nhere: lab-client\n", "f");
  expect([...short.nodes.keys()]).toEqual(["k1", "k2"]);
  expect(short.here?.netns).toBe("lab-client");
  expect(parseInventory('{"nodes": {"k1": "lab-k1"}}', "f").nodes.get("k1")?.netns).toBe("lab-k1");
});

test.each([
  ["nodes: [", /^f: /],
  ["nodes: {}", /no nodes/],
  ["- k1", /expected record/],
  ["nodes: {k1: {user: root}}", /a netns or an address/],
  ["nodes: {k1: -oProxyCommand=x}", /leading dash/],
  ["nodes: {../x: y}", /Invalid key/],
  ["a: &a x\nb: *a", /f: /],
])("refuses %j and says what is expected", (text, message) => {
  let error: unknown = null;
  try {
    parseInventory(text, "f");
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ToldError);
  const { told, hint } = error as ToldError;
  expect(said(told)).toMatch(message);
  expect(said(hint)).toContain("netns: NAME");
});

test("a missing file is told by name", async () => {
  expect(await failureSaid(readInventory("/no/such/inventory.yaml"))).toMatch(/inventory\.yaml/);
});
