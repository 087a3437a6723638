import { describe, expect, test } from "vitest";
import * as made from "../../../test/explain/objects.ts";
import { ip } from "../../facts/ip.ts";
import type { ConntrackEntry, Socket } from "../../facts/netns.ts";
import { isWaitedForAlone, namedInLog, telltaleLines, usedServices, waitedFor } from "./upstream.ts";

const because = { source: { node: "k1", netns: "k1/host", argv: ["ss"], at: "" }, line: 1 };
const GATEWAY = [ip("10.42.0.3")];
const cluster = made.clusterOf({
  services: [
    made.service("backend", "10.43.0.11"),
    made.service("dns", "10.43.0.53", { ports: [made.port(53, { protocol: "UDP" })] }),
  ],
});

function socket(state: string, peer: string, port: number): Socket {
  return {
    protocol: "tcp",
    state,
    local: ip("10.42.0.3"),
    families: [4],
    localPort: 40_000,
    peer: ip(peer),
    peerPort: port,
    dev: null,
    recvQueue: 0,
    sendQueue: 1,
    process: null,
    timing: null,
    because,
  };
}

function row(protocol: number, src: string, dst: string, dport: number, unreplied = true): ConntrackEntry {
  const original = { src: ip(src), dst: ip(dst), sport: 40_000, dport };
  const reply = { src: ip(dst), dst: ip(src), sport: dport, dport: 40_000 };
  return { protocol, state: null, original, reply, unreplied, assured: false, mark: 0, timeoutS: 100, because };
}

function told(
  ...args: readonly [
    sockets?: readonly Socket[],
    rows?: readonly ConntrackEntry[],
    connects?: Parameters<typeof waitedFor>[3],
  ]
) {
  const [sockets = [], rows = [], connects = []] = args;
  return waitedFor(GATEWAY, sockets, rows, connects, cluster).map((u) =>
    `${u.protocol} ${u.ip.text}:${u.port} ${u.connects}/${u.sockets}/${u.unreplied} ${u.service?.name ?? ""}`.trim(),
  );
}

describe("whom a gateway waits for", () => {
  test("sockets that wait, counted by where they want to go", () => {
    const waiting = [
      socket("SYN-SENT", "10.43.0.11", 80),
      socket("SYN-SENT", "10.43.0.11", 80),
      socket("ESTAB", "10.43.0.9", 80),
    ];
    expect(told(waiting)).toEqual(["tcp 10.43.0.11:80 0/2/0 backend", "tcp 10.43.0.9:80 0/0/0"]);
    const [, standing] = waitedFor(GATEWAY, waiting, [], [], cluster);
    expect(standing).toMatchObject({ requests: 1, unacknowledged: 1 });
  });

  test("connections of its own that nobody answered; those of others are theirs", () => {
    const rows = [
      row(6, "10.42.0.3", "10.43.0.11", 80),
      row(6, "10.42.0.9", "10.43.0.12", 80),
      row(6, "10.42.0.3", "10.43.0.13", 80, false),
    ];
    expect(told([], rows)).toEqual(["tcp 10.43.0.11:80 0/0/1 backend"]);
  });

  test("where nobody waits: the Services that it used, by connections that were answered", () => {
    const rows = [
      row(6, "10.42.0.3", "10.43.0.11", 80, false),
      row(6, "10.42.0.3", "10.43.0.11", 80, false),
      row(6, "10.42.0.3", "10.43.0.11", 80),
      row(6, "10.42.0.3", "10.43.0.11", 81, false),
      row(6, "10.42.0.3", "10.42.1.7", 80, false),
      row(6, "10.42.0.9", "10.43.0.11", 80, false),
      row(17, "10.42.0.3", "10.43.0.53", 53, false),
    ];
    const used = usedServices(GATEWAY, rows, cluster);
    expect(used).toMatchObject([{ port: 80, answered: 2, unreplied: 0, service: { name: "backend" } }]);
    expect(isWaitedForAlone(used, [502], cluster), "that it waits for one of them is a guess").toBe(false);
  });

  test("datagrams that want no answer are nothing that it waits for, a question is", () => {
    const rows = [
      row(17, "10.42.0.3", "10.43.0.77", 8125),
      row(17, "10.42.0.3", "10.43.0.53", 53),
      row(1, "10.42.0.3", "10.43.0.1", 2048),
    ];
    expect(told([], rows)).toEqual(["udp 10.43.0.53:53 0/0/1 dns"]);
  });

  test("what was seen to fail comes before what waits, and that before what may be a minute old", () => {
    const old = [row(6, "10.42.0.3", "10.43.0.1", 80), row(6, "10.42.0.3", "10.43.0.1", 80)];
    const connects = [{ ip: ip("10.43.0.3"), port: 80, connects: 1 }];
    expect(told([socket("SYN-SENT", "10.43.0.2", 80)], old, connects)).toEqual([
      "tcp 10.43.0.3:80 1/0/0",
      "tcp 10.43.0.2:80 0/1/0",
      "tcp 10.43.0.1:80 0/0/2",
    ]);
  });

  test("a Service is its port and protocol as well", () => {
    expect(told([socket("SYN-SENT", "10.43.0.11", 81), socket("SYN-SENT", "10.43.0.53", 53)])).toEqual([
      "tcp 10.43.0.11:81 0/1/0",
      "tcp 10.43.0.53:53 0/1/0",
    ]);
  });
});

describe("lines of a log", () => {
  test("that say why come before those that only count", () => {
    const log = "GET / 502\nconnect to 10.43.0.11:80 timed out\nGET / 200\n";
    expect(telltaleLines(log, 3)).toEqual(["connect to 10.43.0.11:80 timed out"]);
    expect(telltaleLines("GET /a 502\nGET /b 504\nGET /c 200\n", 1)).toEqual(["GET /b 504"]);
    expect(telltaleLines("", 3)).toEqual([]);
  });

  test("are cut, however long they are", () =>
    expect(telltaleLines(`refused ${"x".repeat(9999)}`, 1)[0]?.length).toBe(200));
});

test("a line of its log names somebody of this cluster, or nobody", () => {
  const named = (line: string) => {
    const found = namedInLog(line, GATEWAY, cluster);
    return found === null ? null : `${found.ip.text}:${found.port} ${found.service?.name}`;
  };
  expect(named("[error] connect EHOSTUNREACH 10.43.0.11:80")).toBe("10.43.0.11:80 backend");
  const nginx = 'connect() failed (113: No route to host), client: 10.42.0.1:40000, upstream: "http://10.43.0.11:80/"';
  expect(named(nginx)).toBe("10.43.0.11:80 backend");
  expect(named("connect ECONNREFUSED 10.43.0.11:81, 192.0.2.1:80, 10.42.0.3:80, 999.1.1.1:80, [::1]:80")).toBeNull();
});

describe("what a gateway failed for", () => {
  const alone = (statuses: readonly (number | null)[], ...args: Parameters<typeof waits>) =>
    isWaitedForAlone(waits(...args), statuses, cluster);
  const waits = (sockets: readonly Socket[], rows: readonly ConntrackEntry[] = []) =>
    waitedFor(GATEWAY, sockets, rows, [], cluster);
  const backend = socket("SYN-SENT", "10.43.0.11", 80);
  const other = socket("SYN-SENT", "10.43.0.99", 4317);

  test("is the only Service that it waited for, where its status says that it waited", () => {
    expect(alone([502, 504, null], [backend])).toBe(true);
    expect(alone([500], [backend])).toBe(false);
    expect(alone([502, 500], [backend])).toBe(false);
  });

  test("is not known where it waited for several", () => {
    expect(alone([504], [backend, other])).toBe(false);
    // A row of conntrack may be a minute old, and somebody else's.
    expect(alone([504], [backend], [row(6, "10.42.0.3", "10.43.0.99", 4317)])).toBe(true);
    expect(alone([504], [], [row(6, "10.42.0.3", "10.43.0.99", 4317), row(6, "10.42.0.3", "10.43.0.11", 80)])).toBe(
      false,
    );
    expect(alone([504], [])).toBe(false);
  });
});
