import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findKubelet, isAlive, processId } from "./processes.ts";

it("finds a kubelet by its command name, and one that a distribution links in", () => {
  const proc = mkdtempSync(join(tmpdir(), "lasthop-proc-"));
  const run = (pid: number, comm: string): void => {
    mkdirSync(join(proc, String(pid)));
    writeFileSync(join(proc, String(pid), "comm"), `${comm}\n`);
  };
  try {
    run(1, "systemd");
    run(20, "kubelet-exporter");
    expect(findKubelet(proc)).toBeNull();
    run(30, "k3s-server");
    expect(findKubelet(proc)).toEqual({ pid: 30, name: "k3s-server" });
  } finally {
    rmSync(proc, { recursive: true });
  }
});

it("tells a process from a later one with the same pid", () => {
  const me = processId(process.pid);
  expect(me && isAlive(me)).toBe(true);
  expect(isAlive({ pid: process.pid, startTicks: "1" })).toBe(false);
});
