import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureSaid, notesSaid, said } from "../../../test/said.ts";
import { openKube } from "./live.ts";

const LIMITS = { timeoutMs: 2000, maxBytes: 1 << 20 };
const folder = mkdtempSync(join(tmpdir(), "lasthop-kube-"));
let server: Server;
let handle: (request: IncomingMessage, response: ServerResponse, url: URL) => void = () => {};

function kubeconfig(url: string): string {
  const file = join(folder, "kubeconfig");
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      clusters: [{ name: "c", cluster: { server: url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: "secret-token" } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    }),
  );
  return file;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  server = createServer((request, response) => handle(request, response, new URL(request.url ?? "", "http://x")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("lists every kind with the kubeconfig's credentials, page after page; what is forbidden is told", async () => {
  const tokens = new Set<string | undefined>();
  handle = (request, response, url) => {
    tokens.add(request.headers.authorization);
    const kind = url.pathname.split("/").at(-1);
    if (kind === "networkpolicies")
      return answer(response, 403, { kind: "Status", message: "may not list networkpolicies" });
    if (kind === "endpointslices") return answer(response, 404, { kind: "Status", message: "no such resource" });
    if (kind === "nodes" && !url.searchParams.has("continue")) {
      return answer(response, 200, { metadata: { continue: "next/1" }, items: [{ metadata: { name: "k1" } }] });
    }
    if (kind === "nodes")
      return answer(response, 200, { metadata: {}, items: [{ metadata: { name: url.searchParams.get("continue") } }] });
    if (kind === "endpoints") {
      const subsets = [{ addresses: [{ ip: "10.42.0.3" }], ports: [{ port: 80 }] }];
      return answer(response, 200, { items: [{ metadata: { name: "web", namespace: "a" }, subsets }] });
    }
    answer(response, 200, { items: [] });
  };
  const kube = await openKube({ kubeconfig: kubeconfig(base()) });
  const { cluster, notChecked } = await kube.cluster(LIMITS);
  expect(cluster.nodes.map(({ name }) => name)).toEqual(["k1", "next/1"]);
  expect(cluster.endpoints.map(({ service }) => service)).toEqual(["web"]);
  expect(notesSaid(notChecked)).toEqual([
    { what: "networkpolicies", why: "the API answers 403: may not list networkpolicies" },
  ]);
  expect([...tokens]).toEqual(["Bearer secret-token"]);
});

test("refused credentials, silence, and nobody there are errors that say so", async () => {
  const kube = await openKube({ kubeconfig: kubeconfig(base()) });
  handle = (_, response) => answer(response, 401, { message: "Unauthorized" });
  expect(await failureSaid(kube.cluster(LIMITS))).toMatch(/refuses the credentials of context c \(401\)/);
  handle = () => {};
  expect(await failureSaid(kube.cluster({ ...LIMITS, timeoutMs: 200 }))).toMatch(
    /cannot be reached: no answer within 200 ms/,
  );
  handle = (_, response) => response.end("x".repeat(5000));
  expect(await failureSaid(kube.cluster({ ...LIMITS, maxBytes: 1000 }))).toMatch(/longer than 1000 bytes/);
  const nobody = await openKube({ kubeconfig: kubeconfig("http://127.0.0.1:1") });
  expect(await failureSaid(nobody.cluster(LIMITS))).toMatch(
    /http:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/,
  );
});

test("one kind that breaks off is a gap, all of them an error; a passing failure is asked again", async () => {
  const asked: string[] = [];
  handle = (request, response, url) => {
    const kind = url.pathname.split("/").at(-1) ?? "";
    asked.push(kind);
    if (kind === "networkpolicies") return request.socket.destroy();
    if (kind === "nodes" && asked.filter((one) => one === kind).length === 1)
      return answer(response, 503, { kind: "Status", message: "the server is starting" });
    if (kind === "services" && asked.filter((one) => one === kind).length === 1) {
      response.writeHead(200, { "content-length": "100" }).write("{");
      return void setTimeout(() => request.socket.destroy(), 20);
    }
    answer(response, 200, { items: kind === "nodes" ? [{ metadata: { name: "k1" } }] : [] });
  };
  const kube = await openKube({ kubeconfig: kubeconfig(base()) });
  const { cluster, notChecked } = await kube.cluster(LIMITS);
  expect(cluster.nodes.map(({ name }) => name)).toEqual(["k1"]);
  expect(notesSaid(notChecked)).toEqual([
    { what: "networkpolicies", why: expect.stringMatching(/cannot be reached: (socket hang up|.*ECONNRESET)/) },
  ]);
  expect(asked.filter((kind) => kind === "services")).toHaveLength(2);
  handle = (request) => request.socket.destroy();
  expect(await failureSaid(kube.cluster(LIMITS))).toMatch(/cannot be reached: (socket hang up|.*ECONNRESET)/);
});

test("a list whose next page has expired is read anew, whole", async () => {
  const pages: string[] = [];
  handle = (_, response, url) => {
    if (!url.pathname.endsWith("/nodes")) return answer(response, 200, { items: [] });
    pages.push(url.search);
    if (url.searchParams.has("continue"))
      return answer(response, 410, {
        kind: "Status",
        reason: "Expired",
        message: "The provided continue parameter is too old",
      });
    const all = ["k1", "k2", "k3"].map((name) => ({ metadata: { name } }));
    answer(
      response,
      200,
      url.searchParams.has("limit") ? { metadata: { continue: "old" }, items: all.slice(0, 2) } : { items: all },
    );
  };
  const kube = await openKube({ kubeconfig: kubeconfig(base()) });
  const { cluster, notChecked } = await kube.cluster(LIMITS);
  expect(cluster.nodes.map(({ name }) => name)).toEqual(["k1", "k2", "k3"]);
  expect(pages).toEqual(["?limit=500", "?limit=500&continue=old", ""]);
  expect(notesSaid(notChecked)).toEqual([]);
});

test("a credential plugin that fails is told in its own words, once", async () => {
  const file = kubeconfig(base());
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "sh",
    args: ["-c", "echo 'token expired: log in again' >&2; exit 7"],
    interactiveMode: "Never",
  };
  const config = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...config, users: [{ name: "u", user: { exec } }] }));
  const kube = await openKube({ kubeconfig: file });
  expect(await failureSaid(kube.cluster(LIMITS))).toMatch(/the kubeconfig cannot be used for .*log in again/s);
});

test("a log, or why there is none", async () => {
  handle = (_, response, url) => {
    if (url.searchParams.get("container") === "gone")
      return answer(response, 400, { message: "container gone is not valid" });
    const [since, tail] = ["sinceSeconds", "tailLines"].map((key) => url.searchParams.get(key));
    response.end(`${url.pathname} ${since} ${tail}\n`);
  };
  const kube = await openKube({ kubeconfig: kubeconfig(base()) });
  const request = { namespace: "a", pod: "web", sinceSeconds: 60, tailLines: 9 };
  expect(await kube.podLog(request, LIMITS)).toEqual({
    known: true,
    value: "/api/v1/namespaces/a/pods/web/log 60 9\n",
  });
  const gone = await kube.podLog({ ...request, container: "gone" }, LIMITS);
  expect(gone.known ? null : said(gone.why)).toBe("the API answers 400: container gone is not valid");
});

test("plain HTTP, as kubectl proxy speaks it, is asked without the credentials", async () => {
  const file = kubeconfig(base());
  writeFileSync(file, readFileSync(file, "utf8").replace(',"insecure-skip-tls-verify":true', ""));
  const tokens = new Set<string | undefined>();
  handle = (request, response) => {
    tokens.add(request.headers.authorization);
    answer(response, 200, { items: [] });
  };
  const kube = await openKube({ kubeconfig: file });
  expect((await kube.cluster(LIMITS)).cluster.nodes).toEqual([]);
  expect([...tokens]).toEqual([undefined]);
});

test("a kubeconfig that is missing or has no such context is told", async () => {
  expect(await failureSaid(openKube({ kubeconfig: join(folder, "none") }))).toMatch(/cannot read the kubeconfig.*none/);
  expect(await failureSaid(openKube({ kubeconfig: kubeconfig(base()), context: "other" }))).toMatch(
    /no context other \(there are: c\)/,
  );
});

test("no kubeconfig anywhere is told, not taken for localhost", async () => {
  const { KUBECONFIG, HOME } = process.env;
  delete process.env.KUBECONFIG;
  process.env.HOME = folder;
  try {
    expect(await failureSaid(openKube({}))).toMatch(/there is no kubeconfig/);
  } finally {
    if (KUBECONFIG !== undefined) process.env.KUBECONFIG = KUBECONFIG;
    if (HOME !== undefined) process.env.HOME = HOME;
  }
});
