import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contains, ip, ipFromValue, parseIp, parsePrefix, prefix, sameIp, withPort } from "./ip.ts";

describe("parseIp", () => {
  test.each([
    ["0.0.0.0", 4, 0n, "0.0.0.0"],
    ["255.255.255.255", 4, 0xffffffffn, "255.255.255.255"],
    ["10.42.0.3", 4, 0x0a2a0003n, "10.42.0.3"],
    ["::", 6, 0n, "::"],
    ["FD00:0:0:0::0001", 6, (0xfd00n << 112n) | 1n, "fd00::1"],
    ["fe80::1%eth0", 6, (0xfe80n << 112n) | 1n, "fe80::1"],
  ])("%s", (text, family, value, canonical) => {
    expect(parseIp(text)).toEqual({ family, value, text: canonical });
  });

  // inet_aton reads a leading zero as octal, Go and Kubernetes refuse it: it is nobody's address for certain.
  test.each([
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4/32",
    "a",
    "fd00",
    ":::",
    "1:2",
    "::g",
    "0x7f.0.0.1",
    "-1.0.0.0",
  ])("none: %j", (text) => expect(parseIp(text)).toBeNull());

  test("text and value are two forms of one thing", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }), (value) => {
        expect(parseIp(ipFromValue(4, value).text)?.value).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (value) => {
        const made = ipFromValue(6, value);
        // RFC 5952 writes mapped addresses in dots; they are IPv6 all the same.
        expect(parseIp(made.text)).toEqual(made);
      }),
    );
  });

  test("throws for a literal that is none", () => expect(() => ip("10.42.0")).toThrow(RangeError));
});

describe("prefixes", () => {
  test.each([
    ["10.42.0.7/24", "10.42.0.0/24"],
    ["10.42.0.7", "10.42.0.7/32"],
    ["default", "0.0.0.0/0"],
    ["fd00::7/64", "fd00::/64"],
    ["fd00::7", "fd00::7/128"],
  ])("%s is %s", (text, canonical) => expect(parsePrefix(text)?.text).toBe(canonical));

  test.each(["10.42.0.0/33", "10.42.0.0/", "10.42.0.0/-1", "fd00::/129", "/24", "10.42/16", "x"])("none: %s", (text) =>
    expect(parsePrefix(text)).toBeNull(),
  );

  test("default is of the family that is asked for", () => expect(parsePrefix("default", 6)?.text).toBe("::/0"));

  test("hold their own addresses, of their own family", () => {
    expect(contains(prefix("10.42.0.0/24"), ip("10.42.0.255"))).toBe(true);
    expect(contains(prefix("10.42.0.0/24"), ip("10.42.1.0"))).toBe(false);
    expect(contains(prefix("0.0.0.0/0"), ip("::1"))).toBe(false);
    expect(contains(prefix("::/0"), ip("fd00::1"))).toBe(true);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }), fc.integer({ min: 0, max: 32 }), (value, length) => {
        expect(contains(prefix(`${ipFromValue(4, value).text}/${length}`), ipFromValue(4, value))).toBe(true);
      }),
    );
  });

  test("sameIp knows families and the absence of an address", () => {
    expect(sameIp(ip("10.0.0.1"), ip("10.0.0.1"))).toBe(true);
    expect(sameIp(ipFromValue(4, 1n), ipFromValue(6, 1n))).toBe(false);
    expect(sameIp(null, ip("10.0.0.1"))).toBe(false);
    expect(sameIp(null, null)).toBe(true);
  });
});

test("an address stands before a port as in a URL, or alone", () => {
  expect(withPort(ip("10.0.0.1"), 80)).toBe("10.0.0.1:80");
  expect(withPort(ip("fd00::1"), 80)).toBe("[fd00::1]:80");
  expect(withPort(ip("fd00::1"), null)).toBe("fd00::1");
});
