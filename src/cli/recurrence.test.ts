import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BROKEN, FORWARDING } from "../../test/explain/conclusions.ts";
import { said } from "../../test/said.ts";
import type { Command, Output, Reader } from "../read/transport/reader.ts";
import { recurrenceOf } from "./recurrence.ts";

const limits = { timeoutMs: 10_000, maxBytes: 1 << 20 };
const bin = mkdtempSync(join(tmpdir(), "lhrc-"));
afterAll(() => rmSync(bin, { recursive: true }));

/** What the node says; by default what this machine does, with a `systemctl` that calls all units active. */
function node(answer: string | null): Reader {
  writeFileSync(join(bin, "systemctl"), "#!/bin/sh\nexit 0\n");
  chmodSync(join(bin, "systemctl"), 0o755);
  const outputOf = (command: Command): Output => {
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const [file = "", ...argv] = command.argv;
    const { status, stdout } = spawnSync(file, argv, { env });
    const isAnswered = command.name === "resetters" && answer !== null;
    const times = { at: "", durationMs: 0, truncated: false };
    const said = isAnswered ? new TextEncoder().encode(answer) : stdout;
    return { node: "k2", command, status, stdout: said, stderr: "", failure: null, ...times };
  };
  return { offline: false, run: async (_, round) => round.map(outputOf) } as Partial<Reader> as Reader;
}

async function told(answer: string | null, key = "net.ipv4.ip_forward", wanted = "1") {
  const cause = { ...FORWARDING, object: key, wanted };
  const found = await recurrenceOf({ ...BROKEN, cause }, node(answer), limits);
  return found.recurrence.map(({ by, when }) => `${said(by)}: ${said(when)}`);
}

describe("who will set it back", () => {
  const SUSPEND = "network.service stop, at suspend, called by VMware Tools: next suspend";
  const installed = "file /etc/rc.d/init.d/network\nfile /usr/bin/vmtoolsd\n";
  const running = `${installed}unit network.service\nprocess systemd\nprocess vmtoolsd\n`;

  test("the script that runs the network, by VMware Tools, where no NetworkManager does", async () => {
    expect(await told(running)).toContain(SUSPEND);
    expect(await told(`${running}process NetworkManager\n`)).not.toContain(SUSPEND);
    expect(await told(running, "net.ipv6.conf.all.forwarding")).not.toContain(SUSPEND);
  });

  test("not where it is installed only, and neither units nor processes are told", async () => {
    expect((await told(installed)).filter((line) => line.includes("network"))).toEqual([]);
  });

  test("no file, where the kernel's own value is another than the wanted one", async () => {
    const nobody = async (key: string, wanted: string) =>
      (await told("", key, wanted)).some((line) => line === "no file sets it: next boot");
    expect(await nobody("net.ipv4.conf.lhrc0.proxy_arp", "1")).toBe(true);
    expect(await nobody("net.bridge.bridge-nf-call-ip6tables", "1")).toBe(false);
    expect(await nobody("net.ipv4.conf.lhrc0.arp_ignore", "0")).toBe(false);
  });

  test("what could not be read is not checked, and says so", async () => {
    const output = { node: "k2", status: null, stdout: new Uint8Array(), stderr: "", failure: "it is gone" } as const;
    const times = { at: "", durationMs: 0, truncated: false };
    const dead = (isDead: (command: Command) => boolean): Reader => {
      const real = node("");
      const run: Reader["run"] = async (at, round, of) =>
        (await real.run(at, round, of)).map((read) =>
          isDead(read.command) ? { ...output, ...times, command: read.command } : read,
        );
      return { ...real, run };
    };
    for (const reader of [dead(() => true), dead(({ name }) => name === "resetters")]) {
      const { notChecked } = await recurrenceOf({ ...BROKEN, cause: FORWARDING }, reader, limits);
      expect(notChecked.map(({ what, why }) => `${said(what)}: ${said(why)}`)).toEqual([
        "who will set net.ipv4.ip_forward back on k2: it is gone",
      ]);
    }
    const rule = { ...FORWARDING, object: "rule iptables-nft:filter/FORWARD#1" };
    const none = await recurrenceOf(
      { ...BROKEN, cause: rule },
      dead(() => true),
      limits,
    );
    expect(none).toEqual({ recurrence: [], notChecked: [] });
  });

  test("a node is asked for its units and processes", async () => {
    const looks: Command[] = [];
    const real = node(null);
    const run: Reader["run"] = (at, round, of) => {
      looks.push(...round);
      return real.run(at, round, of);
    };
    const reader: Reader = { ...real, run };
    await recurrenceOf({ ...BROKEN, cause: FORWARDING }, reader, limits);
    const look = looks.find(({ name }) => name === "resetters");
    const [output] = look === undefined ? [] : await real.run("k2", [look], limits);
    const lines = new TextDecoder().decode(output?.stdout).split("\n");
    expect(lines).toEqual(expect.arrayContaining(["unit network.service", "unit tuned.service"]));
    expect(lines.some((line) => line.startsWith("process "))).toBe(true);
  });
});
