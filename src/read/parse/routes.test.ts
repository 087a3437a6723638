import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import type { Source } from "../../facts/provenance.ts";
import { parseRoutes } from "./routes.ts";

const source: Source = { node: "n", netns: "n/host", argv: [], at: "2026-01-01T00:00:00Z" };
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("routes as this iproute2 prints those of this kernel (needs root)", () => {
  function printed(script: string): ReturnType<typeof parseRoutes> {
    const text = execFileSync(
      "unshare",
      [
        "-n",
        "sh",
        "-ec",
        `ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
        ip addr add 10.9.0.1/24 dev v0; ip -6 addr add fd09::1/64 dev v0 nodad
        ${script}; ip -4 route show table all; ip -6 route show table all`,
      ],
      { encoding: "utf8", env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }, stdio: "pipe" },
    );
    return parseRoutes(text, source);
  }
  const hopsOf = ({ value }: ReturnType<typeof parseRoutes>, dst: string): unknown =>
    value
      .filter((route) => route.dst.text === dst)
      .map(({ nexthops }) => nexthops.map((hop) => [hop.via?.text, hop.dev]));

  const NEXTHOPS = `ip nexthop add id 30 via 10.9.0.2 dev v0; ip nexthop add id 50 blackhole
    ip nexthop add id 60 via fd09::2 dev v0; ip route add 10.1.0.0/24 nhid 30 proto bird
    ip route add 10.3.0.0/24 nhid 50; ip -6 route add fd10::/64 nhid 60`;

  test("a next hop that is an object of its own is printed with the route, or by its id alone", () => {
    const whole = printed(NEXTHOPS);
    expect(whole.problems).toEqual([]);
    expect([hopsOf(whole, "10.1.0.0/24"), hopsOf(whole, "fd10::/64")]).toEqual([
      [[["10.9.0.2", "v0"]]],
      [[["fd09::2", "v0"]]],
    ]);
    const bare = printed(`${NEXTHOPS}; sysctl -qw net.ipv4.nexthop_compat_mode=0`);
    expect(bare.problems.map((problem) => said(problem.why))).toEqual([
      "the next hop is not printed, only its id, 30",
      "the next hop is not printed, only its id, 60",
    ]);
    for (const dst of ["10.1.0.0/24", "fd10::/64"]) expect(hopsOf(bare, dst)).toEqual([[[undefined, null]]]);
    expect(bare.value.find((route) => route.dst.text === "10.3.0.0/24")).toMatchObject({
      type: "blackhole",
      nexthops: [],
    });
  });

  test("the table that a segment's end looks in is not the route's own", () => {
    const { value, problems } = printed(
      `ip -6 route add fc00::1 encap seg6local action End.T table 100 dev v0
      ip -6 route add fc00::2 encap seg6local action End dev v0 table 77`,
    );
    expect(problems).toEqual([]);
    const brief = ["fc00::1/128", "fc00::2/128"].map((dst) => {
      const route = value.find((one) => one.dst.text === dst);
      return [route?.table, route?.nexthops[0]?.dev, route?.nexthops[0]?.encap];
    });
    expect(brief).toEqual([
      [254, "v0", "encap seg6local action End.T table 100"],
      [77, "v0", "encap seg6local action End"],
    ]);
  });
});
