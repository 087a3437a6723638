import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { gatedCommands } from "./commands.ts";
import { parseSurvey } from "./survey.ts";
import { SURVEY_SCRIPT } from "./survey-script.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("a survey of a namespace with a table of iptables-legacy (needs root)", () => {
  /** What a command says inside it, as root or as nobody. */
  function inside(uid: number, argv: readonly string[]) {
    const prepare = `ip link set lo up; ip addr add 10.88.0.1/32 dev lo; iptables-legacy -A INPUT -s 10.0.0.0/8 -j DROP
      exec setpriv --reuid ${uid} --regid ${uid} --clear-groups "$@"`;
    const { stdout, status } = spawnSync("unshare", ["-n", "sh", "-ec", prepare, "sh", ...argv], {
      encoding: "utf8",
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    });
    return { stdout, status };
  }
  const surveyed = (uid: number) =>
    parseSurvey(inside(uid, ["sh", "-c", SURVEY_SCRIPT, "lasthop", "10.88.0.1"]).stdout);

  test("names its tables, or says that they may not be read: they are never none", () => {
    for (const [uid, ipv4, ipv6] of [
      [0, ["filter"], []],
      [65534, ["unreadable"], ["unreadable"]],
    ] as const) {
      const survey = surveyed(uid);
      const places = ["self", ...(survey.holders.get("10.88.0.1") ?? []).map(({ inode }) => inode)];
      expect(places).toHaveLength(2);
      for (const inode of places) {
        expect([survey.legacyTables.get(`4 ${inode}`), survey.legacyTables.get(`6 ${inode}`)]).toEqual([ipv4, ipv6]);
        const { commands, expected } = gatedCommands(survey, inode, null, "");
        expect(commands.map(({ name }) => name)).toContain("iptables-legacy-save");
        expect(expected.present).toContain("iptables-legacy-save");
        expect(expected.empty.has("ip6tables-legacy-save")).toBe(uid === 0);
      }
    }
    expect(inside(0, ["iptables-legacy-save"]).status).toBe(0);
    expect(inside(65534, ["iptables-legacy-save"]).status).not.toBe(0);
  });
});
