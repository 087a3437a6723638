import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { createObject, mergeObject } from "../../src/lab/api-client.ts";
import { injectFault } from "../../src/lab/fault.ts";
import type { ApiAccess } from "../../src/lab/kubeconfig.ts";
import { verdictSchema } from "../../src/verdict/verdict.ts";
import { describeAsRoot, soon, useCommandLine, useLab, withOwnMounts } from "../cli/command-line.ts";
import { ownLabName } from "../matrix/take-down.ts";

const run = promisify(execFile);
const line = useCommandLine();
const LAB = ownLabName("bsnap");
const DEFAULT = "/api/v1/namespaces/default";

/** Long enough to be found in an archive by no chance, and to be told apart. */
const planted = (what: string): string => `planted-${what}-5f0c2b7e9a`;
const SECRETS = ["annotation", "last-applied", "env", "argument", "node-annotation", "secret-object", "header"].map(
  planted,
);

/**
 * A machine that sees the namespaces of one lab alone. The lab's API listens on the loopback address of the machine outside,
 * which a node of the lab does not have.
 */
const APART = [
  "--mount",
  "--propagation",
  "private",
  "--pid",
  "--fork",
  "--mount-proc",
  "sh",
  "-c",
  `mount --bind /proc/self/ns/net "$OUTSIDE"
for named in /run/netns/*; do case $named in */"$OURS"*) ;; *) umount "$named" 2>/dev/null ;; esac; done
exec "$@"`,
  "sh",
];

describeAsRoot("a snapshot of a lab", () => {
  const at = useLab(line, { name: LAB });
  let token = "";

  beforeAll(async () => {
    const api = apiOf(readFileSync(at.lab.kubeconfig, "utf8"));
    token = api.token;
    const [pod] = at.lab.pods;
    if (pod === undefined) throw new Error("a lab without pods");
    const annotations = {
      "example.com/token": planted("annotation"),
      "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({ data: planted("last-applied") }),
    };
    const secretive = {
      name: "sidecar",
      env: [{ name: "TOKEN", value: planted("env") }],
      args: [`--token=${planted("argument")}`],
    };
    await mergeObject(api, `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`, {
      metadata: { annotations },
      spec: { containers: [secretive] },
    });
    await mergeObject(api, `${DEFAULT}/services/backend`, { metadata: { annotations } });
    await mergeObject(api, "/api/v1/nodes/k1", {
      metadata: { annotations: { "example.com/token": planted("node-annotation") } },
    });
    const data = { token: planted("secret-object") };
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "default" },
      stringData: data,
    };
    // The lab's API may know no Secrets: then there is none to be taken.
    await createObject(api, `${DEFAULT}/secrets`, secret).catch(() => {});
    await injectFault(LAB, "ip-forward-off", "k2");
  });

  /** What an archive holds, and its name. */
  function expectNoSecret(file: string): void {
    const bytes = gunzipSync(readFileSync(file));
    for (const secret of [...SECRETS, token]) expect(bytes.includes(secret), secret).toBe(false);
    expect(bytes.includes("PRIVATE KEY")).toBe(false);
  }

  const directory = (): string => mkdtempSync(join(line.directory, "out-"));
  afterEach(() => expect(line.leftFiles()).toEqual([]));

  it("holds none of the secrets that stand in objects, and none that was said while it listened", async () => {
    const file = join(directory(), "whole.tgz");
    const running = line.start(["snapshot", "-o", file, at.lab.url, "--passive", "4", ...at.flags]);
    const isOver = running.ended.then(() => true);
    let asked = 0;
    while (!(await Promise.race([isOver, Promise.resolve(false)]))) {
      const curl = ["curl", "-s", "-o", "/dev/null", "-m", "1", "-H", `Authorization: Bearer ${planted("header")}`];
      await run("ip", ["netns", "exec", at.lab.clientNetns, ...curl, at.lab.webUrl]).catch(() => {});
      asked += 1;
    }
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(asked).toBeGreaterThan(3);
    expectNoSecret(file);
    expect((await requestsHeard(file)).length).toBeGreaterThan(3);
  });

  /** Segments with data that the captures of the nodes hold of what was asked of the lab's web server, as tcpdump prints them. */
  async function requestsHeard(file: string): Promise<readonly string[]> {
    const { hostname, port } = new URL(at.lab.webUrl);
    const unpacked = directory();
    await run("tar", ["-xzf", file, "-C", unpacked]);
    const heard: string[] = [];
    for (const { name } of at.lab.nodes) {
      const pcap = join(unpacked, "capture", `${name}.pcap`);
      const { stdout } = await run("tcpdump", [
        "-nn",
        "-r",
        pcap,
        "dst",
        "host",
        hostname,
        "and",
        "tcp",
        "dst",
        "port",
        port,
      ]);
      heard.push(...stdout.split("\n").filter((told) => / length [1-9]/.test(told)));
    }
    return heard;
  }

  it("leaves no file where the disk is full, and says so", async () => {
    const room = directory();
    const ended = await line.run(["snapshot", "-o", join(room, "x.tgz"), ...at.flags], {
      under: withOwnMounts(`mount -t tmpfs -o size=16k none "$ROOM"; "$@"; status=$?; ls -A "$ROOM"; exit $status`),
      env: { ROOM: room },
    });
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toMatch(/x\.tgz: there is no room for it: .*ENOSPC[^\n]*\n[^\n]*make room/);
  });

  it.each([200, 900, 2000, 3500])(
    "interrupted after %i ms it leaves no file, and nothing on the nodes",
    async (afterMs) => {
      const out = directory();
      const running = line.start(["snapshot", "-o", join(out, "x.tgz"), at.lab.url, "--passive", "30", ...at.flags]);
      const timer = setTimeout(() => running.child.kill("SIGINT"), afterMs);
      const { code } = await running.ended;
      clearTimeout(timer);
      expect(code).toBe(130);
      expect(readdirSync(out)).toEqual([]);
      // A node's shell that is at work learns that nobody is there any more a moment after the command has ended.
      await soon(() => running.left().length === 0, 3000);
      expect(running.left()).toEqual([]);
    },
  );

  it("of each node by itself, by the script, the files are one cluster", async () => {
    const out = directory();
    const script = join(out, "snapshot.sh");
    writeFileSync(script, (await line.run(["snapshot", "--print-script"])).stdout);
    const bin = join(out, "bin");
    mkdirSync(bin);
    const kubectl = (await run("sh", ["-c", "command -v kubectl"])).stdout.trim();
    writeFileSync(join(bin, "kubectl"), `#!/bin/sh\nexec nsenter --net="$OUTSIDE" -- ${kubectl} "$@"\n`, {
      mode: 0o755,
    });
    const files = at.lab.nodes.map(({ name }) => join(out, `${name}.tgz`));
    for (const [i, { name, netns }] of at.lab.nodes.entries()) {
      const file = files[i] ?? "";
      await run("unshare", [...APART, "ip", "netns", "exec", netns, "sh", script, file, name], {
        env: {
          PATH: `${bin}:${process.env.PATH}`,
          HOME: out,
          KUBECONFIG: at.lab.kubeconfig,
          TMPDIR: line.temporary,
          OUTSIDE: line.file("outside", ""),
          OURS: `lasthop-${LAB}-`,
        },
      });
      expectNoSecret(file);
    }
    const bundles = files.flatMap((file) => ["--bundle", file]);
    const { code, stdout, stderr } = await line.run(["diagnose", at.lab.webUrl, ...bundles, "-o", "json"]);
    expect(stderr).toBe("");
    const verdict = verdictSchema.strict().parse(JSON.parse(stdout));
    expect({ code, cause: verdict.cause?.id, node: verdict.cause?.node, confidence: verdict.confidence }).toEqual({
      code: 1,
      cause: "ip-forward-off",
      node: "k2",
      confidence: "likely",
    });
    expect(verdict.timeline.find(({ event }) => event === "recording-read")?.text).toContain("k1, k2, k3");
    expect(await line.run(["diagnose", at.lab.webUrl, ...bundles, "-o", "json"])).toMatchObject({ code, stdout });
    rmSync(out, { recursive: true });
  });
});

function apiOf(text: string): ApiAccess {
  const { clusters, users } = parse(text);
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  return {
    url: cluster.server,
    ca: Buffer.from(cluster["certificate-authority-data"], "base64").toString(),
    token: user.token,
  };
}
