import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { said } from "../../../test/said.ts";
import { ip } from "../../facts/ip.ts";
import type { Branch, Step } from "../walk/branch.ts";
import type { Disposition } from "../walk/dispositions.ts";
import type { Packet } from "../walk/packet.ts";
import { judge } from "./agreement.ts";
import { type Question, questionsOf } from "./question.ts";
import { readRoute } from "./route-words.ts";

function packet(src: string, dst: string, mark = 0): Packet {
  const header = { kind: "ip", src: ip(src), dst: ip(dst), ttl: 64, protocol: 6, df: true } as const;
  return { headers: [header], bytes: 60, mark, ct: "NEW" };
}

function step(kind: Step["kind"], link: string, of: Packet, detail: string, netns = "k2/host"): Step {
  return { kind, netns, link, packet: of, because: null, detail, readsTo: 0 };
}

function branch(end: Disposition, steps: readonly Step[], reply: readonly Branch[] = []): Branch {
  const destination = { ip: ip("10.5.0.3"), port: 80 };
  return {
    weight: 1,
    steps,
    reads: [],
    end,
    netns: "k2/host",
    link: null,
    decidedBy: [],
    unknown: null,
    destination,
    reply,
  };
}

/** A packet that comes in through va0, as a walk would tell it. */
function incoming(src: string, dst: string, end: Disposition, detail: string): Branch {
  const of = packet(src, dst);
  return branch(end, [step("tap-in", "va0", of, "dev va0"), step("route-input", "va0", of, detail)]);
}

function outgoing(dst: string, end: Disposition, detail: string): Branch {
  return branch(end, [step("route-output", "vc0", packet("10.2.0.1", dst), detail)]);
}

function only(questions: readonly Question[]): Question {
  expect(questions).toHaveLength(1);
  return questions[0] as Question;
}

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("this kernel's answers (needs root for a network namespace of its own)", () => {
  const setUp = [
    "ip link add va0 type veth peer name vb0 && ip link add vc0 type veth peer name vd0",
    "for i in lo va0 vb0 vc0 vd0; do ip link set $i up; done",
    "ip addr add 10.1.0.1/24 dev va0 && ip addr add 10.2.0.1/24 dev vc0",
    "ip route add 10.5.0.0/24 via 10.2.0.9",
    "ip route add blackhole 10.6.0.0/24; ip route add unreachable 10.7.0.0/24; ip route add prohibit 10.8.0.0/24",
    "sysctl -q -w net.ipv4.ip_forward=1",
  ];

  function asked(question: Question, more: readonly string[] = []) {
    const script = [...setUp, ...more, 'exec "$@"'].join("\n");
    const argv = ["-n", "sh", "-e", "-c", script, "sh", ...question.argv];
    const { status, stdout, stderr } = spawnSync("unshare", argv, { encoding: "utf8" });
    return judge(question, { status, stdout, stderr });
  }

  test.each([
    ["10.1.0.5", "10.5.0.3", "DELIVERED", "10.5.0.0/24 via 10.2.0.9 dev vc0", ""],
    ["10.1.0.5", "10.2.0.7", "DELIVERED", "10.2.0.0/24 dev vc0 src 10.2.0.1", ""],
    ["10.1.0.5", "10.1.0.1", "DELIVERED", "local 10.1.0.1 dev va0 table local src 10.1.0.1", ""],
    ["10.1.0.5", "10.5.0.3", "FORWARDING_OFF", "net.ipv4.ip_forward = 0", "sysctl -q -w net.ipv4.ip_forward=0"],
    ["10.1.0.5", "10.99.0.3", "NO_ROUTE", "", ""],
    ["10.1.0.5", "10.6.0.3", "BLACKHOLE_ROUTE", "blackhole", ""],
    ["10.1.0.5", "10.7.0.3", "UNREACHABLE_ROUTE", "unreachable", ""],
    ["10.1.0.5", "10.8.0.3", "PROHIBIT_ROUTE", "prohibit", ""],
    ["10.2.0.5", "10.5.0.3", "RP_FILTER", "", "sysctl -q -w net.ipv4.conf.va0.rp_filter=1"],
    ["10.2.0.1", "10.5.0.3", "MARTIAN_SOURCE", "", ""],
  ] as const)("from %s to %s: %s is borne out", (src, dst, end, detail, more) => {
    const agreement = asked(only(questionsOf(incoming(src, dst, end, detail))), [more]);
    expect(agreement, agreement.answer).toMatchObject({ agrees: true, why: null });
  });

  test.each([
    ["10.5.0.3", "FORWARDING_OFF", "net.ipv4.ip_forward = 0", "via 10.2.0.9 dev vc0"],
    ["10.5.0.3", "NO_ROUTE", "", "via 10.2.0.9 dev vc0"],
    ["10.5.0.3", "DELIVERED", "10.5.0.0/24 via 10.2.0.8 dev vc0", "via 10.2.0.9 dev vc0"],
    ["10.7.0.3", "DELIVERED", "10.7.0.0/24 via 10.2.0.8 dev vc0", "No route to host"],
    ["10.1.0.1", "DELIVERED", "10.1.0.0/24 dev va0", "local dev lo"],
  ] as const)("to %s: a walk that says %s (%s) is contradicted", (dst, end, detail, said) => {
    const agreement = asked(only(questionsOf(incoming("10.1.0.5", dst, end, detail))));
    expect(agreement).toMatchObject({ agrees: false, said });
  });

  test.each([
    ["10.5.0.3", "DELIVERED", "10.5.0.0/24 via 10.2.0.9 dev vc0"],
    ["10.99.0.1", "NO_ROUTE", ""],
    ["10.6.0.1", "BLACKHOLE_ROUTE", "blackhole"],
    ["10.8.0.1", "PROHIBIT_ROUTE", "prohibit"],
  ] as const)("what is sent here to %s: %s", (dst, end, detail) => {
    expect(asked(only(questionsOf(outgoing(dst, end, detail))))).toMatchObject({ agrees: true });
  });

  test("what a rule sends from the loopback's address out by another link is refused", () => {
    const source = step("route-output", "vc0", packet("127.0.0.1", "10.5.0.3", 0x4000), "");
    const refused = branch("MARTIAN_SOURCE", [
      step("route-output", "lo", packet("127.0.0.1", "127.0.0.1"), ""),
      source,
    ]);
    const agreement = asked(questionsOf(refused)[1] as Question);
    expect(agreement, agreement.answer).toMatchObject({ agrees: true, why: null });
  });

  test("the plain form cannot see that forwarding is off", () => {
    const question = only(questionsOf(incoming("10.1.0.5", "10.5.0.3", "FORWARDING_OFF", "net.ipv4.ip_forward = 0")));
    expect(question.argv).toEqual(["ip", "route", "get", "10.5.0.3", "from", "10.1.0.5", "iif", "va0"]);
    const plain = { ...question, argv: ["ip", "route", "get", "10.5.0.3"] };
    const off = ["sysctl -q -w net.ipv4.ip_forward=0"];
    expect(asked(plain, off).agrees).toBe(false);
    expect(asked(question, off).agrees).toBe(true);
  });

  test("a link that is gone answers nothing", () => {
    const question = only(
      questionsOf(incoming("10.1.0.5", "10.5.0.3", "DELIVERED", "10.5.0.0/24 via 10.2.0.9 dev vc0")),
    );
    const gone = { ...question, argv: question.argv.map((word) => (word === "va0" ? "vx9" : word)) };
    expect(asked(gone)).toMatchObject({ agrees: null, why: 'Cannot find device "vx9"' });
  });
});

describe("questions", () => {
  test("a bridged packet came in through the bridge, and marks go along", () => {
    const of = packet("10.42.0.3", "10.42.2.2", 0x4000);
    const leg = branch("DELIVERED", [
      step("tap-in", "veth1", of, ""),
      step("bridge-local", "cni0", of, ""),
      step("route-input", "cni0", of, "10.42.2.0/24 via 10.42.2.0 dev flannel.1 onlink"),
    ]);
    expect(only(questionsOf(leg)).argv.join(" ")).toBe("ip route get 10.42.2.2 from 10.42.0.3 iif cni0 mark 0x4000");
  });

  test("what a bridge translated on a port is asked about as the bridge's", () => {
    const leg = branch("BRIDGE_PORT_BLOCKED", [
      step("tap-in", "veth1", packet("10.42.0.3", "10.42.0.4"), ""),
      step("route-input", "cni0", packet("10.42.0.3", "10.42.0.4"), "10.42.0.0/24 dev cni0"),
    ]);
    expect(only(questionsOf(leg)).argv.join(" ")).toBe("ip route get 10.42.0.4 from 10.42.0.3 iif cni0");
  });

  test("the source is asked with where it is bound: by the reply, not by a first packet or a tunnel", () => {
    const back = branch("DELIVERED", [step("route-output", "eth0", packet("10.42.0.3", "10.42.2.0"), "")]);
    const inner = packet("10.42.2.0", "10.42.0.3");
    const outer = { ...inner, headers: [...packet("192.168.6.141", "192.168.6.142").headers, ...inner.headers] };
    const leg = branch(
      "DELIVERED",
      [step("route-output", "flannel.1", inner, ""), step("route-output", "eth0", outer, "")],
      [back],
    );
    expect(questionsOf(leg).map((q) => [q.leg, q.argv.join(" ")])).toEqual([
      ["request", "ip route get 10.42.0.3"],
      ["request", "ip route get 192.168.6.142"],
      ["reply", "ip route get 10.42.2.0 from 10.42.0.3"],
    ]);
  });

  test("and where the walk says that the kernel refuses it, for a tunnel as well", () => {
    const inner = packet("10.42.2.0", "10.42.0.3");
    const outer = { ...inner, headers: [...packet("192.168.6.141", "192.168.6.142").headers, ...inner.headers] };
    const leg: Branch = {
      ...branch("NO_ROUTE", [step("route-output", "eth0", outer, "src 192.168.6.141 is no address of k2/host")]),
      decidedBy: [{ of: "local-address", netns: "k2/host", ip: ip("192.168.6.141") }],
    };
    expect(only(questionsOf(leg)).argv.join(" ")).toBe("ip route get 192.168.6.142 from 192.168.6.141");
  });

  test("several next hops, IPv6 forwarding and what the walk does not know are not judged", () => {
    const answer = { status: 0, stdout: "10.5.0.3 via 10.2.0.9 dev vc0 src 10.2.0.1 uid 0 \n    cache \n", stderr: "" };
    const many = "10.5.0.0/24 nexthop via 10.2.0.8 dev vc0 weight 1 nexthop via 10.2.0.9 dev vc0 weight 1";
    expect(judge(only(questionsOf(outgoing("10.5.0.3", "DELIVERED", many))), answer).agrees).toBeNull();
    const six = { status: 0, stdout: "fd02::5 from fd01::5 dev vc0 metric 256 iif va0 pref medium\n", stderr: "" };
    const off = incoming("fd01::5", "fd02::5", "FORWARDING_OFF", "net.ipv6.conf.all.forwarding = 0");
    expect(judge(only(questionsOf(off)), six).agrees).toBeNull();
    expect(only(questionsOf(off)).argv.slice(0, 2)).toEqual(["ip", "-6"]);
    expect(judge(only(questionsOf(outgoing("10.5.0.3", "UNKNOWN", ""))), answer).agrees).toBeNull();
    const silent = { status: null, stdout: "", stderr: "" };
    const asked = only(questionsOf(outgoing("10.5.0.3", "NO_ROUTE", "")));
    expect(judge(asked, silent).agrees).toBeNull();
    expect(said(judge(asked, silent).why)).toBe("no answer");
  });

  test("routes as iproute2 prints them", () => {
    expect(readRoute("default via 192.168.6.1 dev eth0")).toMatchObject({
      type: "unicast",
      via: "192.168.6.1",
      dev: "eth0",
    });
    expect(readRoute("10.9.0.0/24 via inet6 fe80::1 dev eth0")).toMatchObject({ via: "fe80::1" });
    expect(readRoute("broadcast 10.1.0.255 dev va0 src 10.1.0.1")).toMatchObject({ type: "broadcast" });
    expect(readRoute("net.ipv4.ip_forward = 0")).toBeNull();
    expect(readRoute("")).toBeNull();
  });
});
