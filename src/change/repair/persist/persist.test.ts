import { describe, expect, it } from "vitest";
import { withKey, withoutKey } from "./persist.ts";

const A = { key: "net.ipv4.ip_forward", value: "1" };
const B = { key: "net.ipv4.conf.all.rp_filter", value: "0" };

describe("the persistent file", () => {
  it("is merged with our own earlier keys", () => {
    const one = withKey(null, A.key, "0");
    const two = withKey(one, B.key, B.value);
    expect(withKey(two, A.key, "1").split("\n").slice(1)).toEqual([
      "net.ipv4.ip_forward = 1",
      "net.ipv4.conf.all.rp_filter = 0",
      "",
    ]);
  });

  it("goes away with its only key", () => {
    const file = withKey(null, A.key, A.value);
    expect(withoutKey(file, { ...A, before: null })).toEqual({ content: null, disturbed: false });
  });

  it("is restored to the byte", () => {
    const before = "# mine\nnet.ipv4.ip_forward=0\n\n; end";
    const file = withKey(before, A.key, A.value);
    expect(file).not.toBe(before);
    expect(withoutKey(file, { ...A, before })).toEqual({ content: before, disturbed: false });
  });

  it("keeps the lines of later repairs, whichever is undone first", () => {
    const first = withKey(null, A.key, A.value);
    const both = withKey(first, B.key, B.value);
    const withoutA = withoutKey(both, { ...A, before: null }).content;
    expect(withoutA).toBe(withKey(null, B.key, B.value));
    expect(withoutKey(withoutA, { ...B, before: first }).content).toBeNull();
    expect(withoutKey(both, { ...B, before: first }).content).toBe(first);
  });

  it("tells a line that somebody changed", () => {
    const file = withKey(withKey(null, A.key, "0"), B.key, B.value);
    expect(withoutKey(file, { ...A, before: null })).toEqual({ content: file, disturbed: true });
    expect(withoutKey("other = 1\n", { ...A, before: null }).disturbed).toBe(false);
    expect(withoutKey(null, { ...A, before: null })).toEqual({ content: null, disturbed: false });
  });
});
