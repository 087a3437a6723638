import { chmodSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { describeAsRoot, type Ended, type RunOptions, useCommandLine, useLab } from "./command-line.ts";

const line = useCommandLine();

/** Exit 3, nothing on standard output, what happened and what to do next on standard error, and never a stack. */
function expectFailure(ended: Ended, ...words: readonly (string | RegExp)[]): void {
  expect(ended).toMatchObject({ code: 3, stdout: "" });
  for (const word of words) expect(ended.stderr).toMatch(word);
  expect(ended.stderr).not.toMatch(/^\s+at |node:internal|\.js:\d+|fault of Lasthop/m);
  expect(ended.stderr.trim().split("\n").length, "what happened, and what to do next").toBeGreaterThanOrEqual(2);
}

/** As JSON, which has the most to lose: half an object, or one beside the error. */
async function fails(
  argv: readonly string[],
  words: readonly (string | RegExp)[],
  options: RunOptions = {},
): Promise<void> {
  expectFailure(await line.run([...argv, "-o", "json"], options), ...words);
}

describe("what was typed wrongly", () => {
  it.each<[readonly string[], RegExp]>([
    [["diagnose"], /missing required argument/],
    [["diagnose", "foo"], /"foo" is no symptom/],
    [["diagnose", "foo", "bar"], /too many arguments/],
    [["diagnose", "http://"], /is no symptom/],
    [["diagnose", "10.0.0.1:99999"], /is no symptom/],
    [["diagnose", "svc/a/b/c"], /is no symptom/],
    [["diagnose", "svc/x", "--nonsense"], /unknown option/],
    [["diagnose", "svc/x", "--via", "pigeon"], /Allowed choices/],
    [["diagnose", "svc/x", "--timeout", "soon"], /a number of seconds/],
    [["diagnose", "svc/x", "--via", "netns"], /needs --inventory/],
    [["walk", "here"], /missing required argument/],
    [["walk", "here", "nonsense!"], /is no destination/],
    [["walk", "here", "svc/x", "--protocol", "pigeon"], /Allowed choices/],
    [["walk", "here", "svc/x", "--size", "much"], /20 to 65535 bytes/],
    [["probe", "here", "svc/x", "--attempts", "0"], /1 to 64/],
    [["probe", "here", "svc/x", "--bundle", "/tmp"], /cannot be probed/],
    [["repair", "--apply", "--bundle", "/tmp"], /there is no verdict yet/],
    [["demo", "--cni", "pigeon"], /Allowed choices/],
    [["lab", "up", "--cni", "pigeon"], /Allowed choices/],
    [["lab", "up", "--overlay", "pigeon"], /Allowed choices/],
    [["lab", "up", "--nodes", "many"], /a whole number/],
    [["lab", "up", "--nodes", "0"], /nodes/],
    [["lab", "up", "--name", "../x"], /name/],
    [["nonsense"], /unknown command/],
  ])("%j", async (argv, words) => {
    expectFailure(await line.run(argv), words);
  });

  it("without a command the help goes to standard error", async () => {
    const { code, stdout, stderr } = await line.run([]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^Usage: lasthop/);
  });
});

describe("a bundle that is none", () => {
  it.each([
    ["/no/such/bundle", /no such file or directory/],
    ["EMPTY", /is no bundle/],
  ])("%s", async (bundle, words) => {
    const path = bundle === "EMPTY" ? line.temporary : bundle;
    const ended = await line.run(["diagnose", "svc/x", "--bundle", path]);
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toMatch(words);
  });
});

describeAsRoot("an API that cannot be used", () => {
  const at = useLab(line, { name: "tcli-err", nodes: 2 });
  const servers: Server[] = [];
  const inventory = (): readonly string[] => ["--inventory", at.lab.inventory];

  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** A kubeconfig for a server on the loopback that answers like this. */
  async function kubeconfig(
    name: string,
    answer: (path: string) => { readonly status: number; readonly body: string } | null,
  ): Promise<string> {
    const server = createServer((request, response) => {
      const said = answer(request.url ?? "");
      if (said !== null) response.writeHead(said.status, { "content-type": "application/json" }).end(said.body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return fileFor(name, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  function fileFor(name: string, url: string): string {
    const config = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: "t0ken" } }],
    };
    return line.file(name, JSON.stringify(config));
  }

  const forbidden = JSON.stringify({ kind: "Status", message: "services is forbidden" });

  it("is not there, refuses, is silent, or is none", async () => {
    const mute = await kubeconfig("mute", () => null);
    await Promise.all([
      fails(
        ["diagnose", "svc/web", ...inventory(), "--kubeconfig", fileFor("down", "http://127.0.0.1:1")],
        [/127\.0\.0\.1:1 cannot be reached/, /kubectl/],
      ),
      fails(
        ["diagnose", "svc/web", ...inventory(), "--kubeconfig", mute, "--timeout", "1"],
        [/no answer within 1000 ms/, /kubectl/],
      ),
      fails(
        ["diagnose", "svc/web", ...inventory(), "--kubeconfig", "/no/such/file"],
        [/cannot read the kubeconfig.*\/no\/such\/file/, /--kubeconfig/],
      ),
      fails(["diagnose", "svc/web", ...inventory()], [/there is no kubeconfig/, /KUBECONFIG/], {
        env: { KUBECONFIG: "" },
      }),
      fails(
        ["diagnose", "svc/web", ...inventory(), "--kubeconfig", at.lab.kubeconfig, "--context", "other"],
        [/no context other/, /--context/],
      ),
    ]);
  });

  it("refuses the credentials, or some of its objects", async () => {
    const refusing = await kubeconfig("refusing", () => ({ status: 401, body: '{"message":"Unauthorized"}' }));
    const empty = JSON.stringify({ items: [] });
    const closed = await kubeconfig("closed", (path) =>
      /services|pods/.test(path) ? { status: 403, body: forbidden } : { status: 200, body: empty },
    );
    const garbage = await kubeconfig("garbage", () => ({ status: 200, body: "<html>" }));
    await Promise.all([
      fails(["diagnose", "svc/web", ...inventory(), "--kubeconfig", refusing], [/\(401\): Unauthorized/, /--context/]),
      // What could not be listed is not known to be absent.
      fails(
        ["diagnose", "svc/web", ...inventory(), "--kubeconfig", closed],
        [/services could not be read: the API answers 403: services is forbidden/, /--context/],
      ),
      fails(["walk", "here", "pod/web", ...inventory(), "--kubeconfig", closed], [/pods could not be read/]),
      fails(["diagnose", "svc/web", ...inventory(), "--kubeconfig", garbage], [/something else than a list/]),
    ]);
  });

  it("a kubeconfig that is no YAML is told without the lines around: they may hold a token", async () => {
    const broken = line.file("broken", "users:\n- user: {token: s3cret\nclusters: [\n");
    const ended = await line.run(["diagnose", "svc/web", ...inventory(), "--kubeconfig", broken]);
    expectFailure(ended, /cannot read the kubeconfig/);
    expect(ended.stderr).not.toContain("s3cret");
  });
});

describeAsRoot("what the cluster does not have", () => {
  const at = useLab(line, { name: "tcli-none", nodes: 2 });

  it.each<[readonly string[], RegExp, RegExp]>([
    [["diagnose", "http://no-such-host.example/"], /name of no Service/, /default\/frontend/],
    [["diagnose", "svc/nope"], /no Service default\/nope/, /default\/web/],
    [["diagnose", "pod/nope"], /no pod default\/nope/, /default\/frontend-/],
    [["diagnose", "svc/web:99"], /default\/web:99: no such port/, /http:80/],
    [["diagnose", "svc/web", "--from", "node/k9"], /no place "node\/k9"/, /node\/k1/],
    [["diagnose", "svc/web", "--from", "pod/nope"], /no place "pod\/nope"/, /pod\/frontend-/],
    [["probe", "node/k9", "svc/web"], /no place "node\/k9"/, /node\/k1/],
    [["walk", "here", "192.168.6.141", "--protocol", "tcp"], /no port for tcp/, /192\.168\.6\.141:PORT/],
    [["walk", "here", "svc/web", "--set", "k9:net.ipv4.ip_forward=1"], /--set/, /NODE:KEY=VALUE/],
    [["undo", "20200101T000000Z-000000"], /no such entry in the journal: 20200101T000000Z-000000/, /lasthop repairs/],
  ])("%j", async (argv, what, next) => {
    expectFailure(await line.run([...argv, ...at.flags]), what, next);
  });

  it("a port that nobody serves is tried, and diagnosed", async () => {
    const { code, stdout } = await line.run(["diagnose", "http://192.168.6.141:31999/", ...at.flags]);
    expect(code).toBe(1);
    expect(stdout).toContain("Nothing listens on port 31999 of k1");
  });

  it("an address that nobody has is tried, and no cause is invented", async () => {
    const { code, stdout } = await line.run(["diagnose", "192.168.6.250:80", ...at.flags, "-o", "json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "broken", cause: null, repairs: [] });
  });
});

describeAsRoot("an inventory", () => {
  const at = useLab(line, { name: "tcli-inv", nodes: 2 });
  const asking = (inventory: string): readonly string[] => [
    "diagnose",
    "svc/web",
    "--kubeconfig",
    at.lab.kubeconfig,
    "--inventory",
    inventory,
  ];

  it("is missing, malformed, empty, or of another cluster", async () => {
    const inventory = (name: string, text: string): readonly string[] => asking(line.file(name, text));
    await Promise.all([
      fails(asking("/no/such/inventory"), [/cannot read the inventory.*\/no\/such\/inventory/, /--inventory/]),
      fails(inventory("i1", "nodes: ["), [/i1: /, /netns: NAME/]),
      fails(inventory("i2", "nodes: {k1: {nets: x}}"), [/i2: nodes\.k1/, /netns: NAME/]),
      fails(inventory("i3", ""), [/i3: /, /netns: NAME/]),
      fails(inventory("i4", "nodes: {other: {netns: x}}"), [/\(k1, k2\) can be reached.*knows other/, /--inventory/]),
      fails(inventory("i5", "nodes: {k1: {address: 192.168.6.141}}"), [/no node has a netns/]),
    ]);
  });

  it("names only namespaces that are not there", async () => {
    const text = `nodes: {k1: {netns: tcli-gone-1}, k2: {netns: tcli-gone-2}}\nhere: {netns: ${at.lab.clientNetns}}\n`;
    await fails(asking(line.file("i6", text)), [
      /k1: there is no network namespace tcli-gone-1/,
      /k2: /,
      /--inventory/,
    ]);
  });

  it("cannot be used without root, and that is said before anything is tried", async () => {
    chmodSync(line.directory, 0o755);
    const files = ["kubeconfig", "inventory"].map((name) =>
      line.file(`readable-${name}`, readFileSync(name === "kubeconfig" ? at.lab.kubeconfig : at.lab.inventory, "utf8")),
    );
    const argv = [
      "diagnose",
      "svc/web",
      "--via",
      "netns",
      "--kubeconfig",
      files[0] ?? "",
      "--inventory",
      files[1] ?? "",
    ];
    const nobody = { under: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] };
    await fails(argv, [/needs root/, /sudo/], nobody);
    expectFailure(await line.run(["lab", "up", "--name", "tcli-nobody"], nobody), /needs root/, /sudo/);
    expectFailure(await line.run(["lab", "down", "--all"], nobody), /needs root/, /sudo/);
  });
});
