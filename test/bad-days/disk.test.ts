import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeAsRoot, useCommandLine, withOwnMounts } from "../cli/command-line.ts";

const line = useCommandLine();
const URL = "http://192.168.6.141:30007/";
const bundle = (): readonly string[] => ["--bundle", join(line.directory, "fixtures", "ipip-resumed")];

/** Runs it with a file system at `$ROOM` that has room for almost nothing. What is left there is printed to `$LEFT` in the end. */
const cramped = (script = ""): readonly string[] =>
  withOwnMounts(
    `mount -t tmpfs -o size=8k none "$ROOM"; ${script} "$@"; status=$?; ls -A "$ROOM" "$ROOM"/lasthop >"$LEFT" 2>/dev/null; exit $status`,
  );

describeAsRoot("a disk that is full", () => {
  it("keeps no verdict: that is said, nothing half-written stays, and no older one to repair by", async () => {
    const room = line.file("room-is-a-directory", "").replace("room-is-a-directory", "tmp");
    const left = line.file("left", "");
    const old = `mkdir "$ROOM"/lasthop && echo '{"old":1}' >"$ROOM"/lasthop/last-verdict.json;`;
    const { code, stdout, stderr } = await line.run(["diagnose", URL, ...bundle(), "-o", "json"], {
      under: cramped(old),
      env: { ROOM: room, LEFT: left, XDG_STATE_HOME: room },
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ cause: { id: "ip-forward-off" } });
    expect(stderr).toMatch(/the verdict could not be kept for `lasthop repair`: ENOSPC.*\n.*-o json > FILE/);
    expect(readFileSync(left, "utf8")).not.toMatch(/last-verdict/);
  });

  it("takes no answer: that is a failure of ours, as text and as JSON", async () => {
    for (const format of ["text", "json"]) {
      const ended = await line.run(["diagnose", URL, ...bundle(), "-o", format], {
        under: ["sh", "-c", '"$@" >/dev/full', "sh"],
      });
      expect(ended).toMatchObject({ code: 3, stderr: expect.stringMatching(/the answer cannot be written: ENOSPC/) });
    }
  });

  it("is no place for captures: a directory that cannot be made is told before anything is sent", async () => {
    const directory = `${line.file("no-directory", "")}/captures`;
    const { code, stdout, stderr } = await line.run(["diagnose", URL, ...bundle(), "-w", directory]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/captures cannot be kept in .*no-directory\/captures: ENOTDIR.*\n.*-w/);
    expect(readdirSync(line.temporary)).toEqual([]);
  });
});

it("no place for state: the verdict is printed, and that it could not be kept", async () => {
  const state = line.file("no-place", "");
  const { code, stderr } = await line.run(["diagnose", URL, ...bundle(), "-q"], { env: { XDG_STATE_HOME: state } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/could not be kept/);
});
