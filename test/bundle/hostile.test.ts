import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { BundleError } from "../../src/read/bundle/bundle-error.ts";
import { BUNDLE_LIMITS, type BundleLimits } from "../../src/read/bundle/layout.ts";
import { openBundles } from "../../src/read/bundle/open-bundles.ts";
import { unpack } from "../../src/read/bundle/unpack.ts";
import { alteredBundle, removeAltered } from "../recorded/altered-bundle.ts";
import { diagnoseBundle, NODE_PORT } from "../recorded/offline-cli.ts";
import { type Crafted, craftArchive, craftBundle, manifestOf } from "./crafted.ts";

const root = mkdtempSync(join(tmpdir(), "lasthop-hostile-"));
const file = join(root, "bundle.tgz");
/** Everything that is unpacked is unpacked below this. */
const temporary = join(root, "tmp");
mkdirSync(temporary);
process.env.TMPDIR = temporary;
const FILES = { "k1/ip-addr.txt": "1: lo: <LOOPBACK,UP> mtu 65536\n" };
const REFUSED_WITHIN_MS = 20_000;
const MOST_GROWN_BYTES = 600 << 20;

afterAll(() => {
  removeAltered();
  rmSync(root, { recursive: true, force: true });
});
afterEach(() => {
  expect(readdirSync(temporary), "nothing is left of what was unpacked").toEqual([]);
});

/** Opens it as every command does: refused with this code, soon, and without much memory. */
async function expectRefused(code: string, detail: RegExp = /./, path = file): Promise<void> {
  const before = process.memoryUsage.rss();
  const startedAt = performance.now();
  const error = await openBundles([path]).then(
    async (bundle) => {
      await bundle.close();
      return null;
    },
    (error) => error,
  );
  expect(error).toBeInstanceOf(BundleError);
  expect({ code: error.code, detail: error.detail }).toEqual({ code, detail: expect.stringMatching(detail) });
  expect(performance.now() - startedAt).toBeLessThan(REFUSED_WITHIN_MS);
  expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_GROWN_BYTES);
}

async function expectArchiveRefused(entries: Iterable<Crafted>, code: string, detail?: RegExp): Promise<void> {
  await craftArchive(file, entries);
  await expectRefused(code, detail);
}

it("takes one that is right", async () => {
  const bundle = await openBundles([await craftBundle(file, FILES)]);
  expect(bundle.nodes).toEqual(["k1"]);
  await bundle.close();
});

describe("names that lead elsewhere", () => {
  const outside = join(root, "evil.txt");
  it.each([
    ["../../evil.txt"],
    ["k1/../../../evil.txt"],
    [outside],
    ["k1//evil.txt"],
    ["k1/pods/web/deep/evil.txt"],
    [".hidden/evil.txt"],
    ["k1/a\\b"],
    ["k1/a\nb"],
  ])("%j", async (name) => {
    await expectArchiveRefused([[{ name }, "evil"]], "bad-name", /evil|b/);
    expect(readdirSync(root)).not.toContain("evil.txt");
  });

  it("of bytes that are no UTF-8", async () => {
    const raw = tarHeader("k1/AAAA.txt", 0);
    raw.fill(0xff, 3, 7);
    writeChecksum(raw);
    writeFileSync(file, gzipSync(Buffer.concat([raw, Buffer.alloc(1024)])));
    await expectRefused("bad-name");
  });
});

describe("entries that are no files", () => {
  it.each([
    ["symlink", { linkname: "/etc/passwd" }],
    ["link", { linkname: "/etc/passwd" }],
    ["character-device", { devmajor: 1, devminor: 3 }],
    ["block-device", { devmajor: 8, devminor: 0 }],
    ["fifo", {}],
  ] as const)("%s", async (type, more) => {
    await expectArchiveRefused([[{ name: "k1/ip-addr.txt", type, ...more }]], "bad-entry", new RegExp(type));
  });

  it("a file in the place of a folder", async () => {
    await expectArchiveRefused(
      [
        [{ name: "k1" }, "x"],
        [{ name: "k1/ip-addr.txt" }, "x"],
      ],
      "duplicate-file",
    );
  });
});

describe("bombs", () => {
  it("gigabytes of nothing in a few kilobytes of gzip", async () => {
    const member = gzipSync(Buffer.alloc(16 << 20), { level: 9 });
    writeFileSync(file, Buffer.concat(Array.from({ length: 200 }, () => member)));
    await expectTooMuch({ ...BUNDLE_LIMITS, totalBytes: 256 << 20 }, "too-large", "> 268435456");
  });

  it("a million entries", async () => {
    const folder = tarHeader("k1/", 0);
    folder.write("5", 156);
    writeChecksum(folder);
    const member = gzipSync(Buffer.concat(Array.from({ length: 10_000 }, () => folder)), { level: 9 });
    writeFileSync(file, Buffer.concat(Array.from({ length: 100 }, () => member)));
    await expectRefused("too-many-files", /> 100000/);
  });

  it("one file of a terabyte, as it says of itself", async () => {
    const header = tarHeader("k1/ip-addr.txt", 0);
    // GNU's base-256: the high bit, then the number.
    header.fill(0, 124, 136);
    header[124] = 0x80;
    header.writeUIntBE(2 ** 40, 130, 6);
    writeChecksum(header);
    writeFileSync(file, gzipSync(header));
    await expectRefused("too-large", /k1\/ip-addr\.txt: 1099511627776/);
  });

  it("many files that are just small enough", async () => {
    const content = Buffer.alloc(200_000, "x");
    await craftArchive(
      file,
      Array.from({ length: 10 }, (_, n): Crafted => [{ name: `k1/f${n}.txt` }, content]),
    );
    await expectTooMuch({ ...BUNDLE_LIMITS, totalBytes: 1 << 20 }, "too-large", "> 1048576");
    await expectTooMuch({ ...BUNDLE_LIMITS, files: 5 }, "too-many-files", "> 5");
  });
});

describe("sizes that lie", () => {
  it("longer than what follows", async () => {
    writeFileSync(file, gzipSync(Buffer.concat([tarHeader("k1/ip-addr.txt", 5000), Buffer.alloc(512)])));
    await expectRefused("damaged");
  });

  it("shorter than what follows: the rest is no header", async () => {
    writeFileSync(file, gzipSync(Buffer.concat([tarHeader("k1/ip-addr.txt", 10), Buffer.alloc(1024, "x")])));
    await expectRefused("damaged");
  });

  it("negative", async () => {
    const header = tarHeader("k1/ip-addr.txt", 0);
    header.fill(0xff, 124, 136);
    writeChecksum(header);
    writeFileSync(file, gzipSync(Buffer.concat([header, Buffer.alloc(1024)])));
    await expectRefused("not-a-bundle");
  });

  it("another length in the manifest", async () => {
    await craftBundle(file, FILES, (manifest) => altered(manifest, { bytes: 7 }));
    await expectRefused("bad-checksum", /k1\/ip-addr\.txt/);
  });
});

describe("archives that are not whole", () => {
  it("cut short at any place", async () => {
    const { length } = readFileSync(await craftBundle(file, FILES));
    for (const at of [0, 1, 10, Math.floor(length / 2), length - 1]) {
      await craftBundle(file, FILES);
      truncateSync(file, at);
      await expectRefused("damaged");
    }
  });

  it("without a manifest", async () => {
    await expectArchiveRefused([[{ name: "k1/ip-addr.txt" }, "x"]], "not-a-bundle", /manifest/);
  });

  it("no archive at all", async () => {
    writeFileSync(file, "#!/bin/sh\necho no bundle\n");
    await expectRefused("not-a-bundle");
    writeFileSync(file, gzipSync("no tar, but long enough to be taken for one".repeat(100)));
    await expectRefused("damaged");
    await expectRefused("no-such-file", /ENOENT/, join(root, "absent.tgz"));
  });

  it("a file of the manifest that is missing, one that is there twice, one that was changed", async () => {
    await expectArchiveRefused([manifestOf(FILES)], "missing-file", /k1\/ip-addr\.txt/);
    await expectArchiveRefused(
      [[{ name: "k1/a.txt" }, "x"], [{ name: "./k1/a.txt" }, "y"], manifestOf({ "k1/a.txt": "x" })],
      "duplicate-file",
      /k1\/a\.txt/,
    );
    await expectArchiveRefused([[{ name: "k1/a.txt" }, "y"], manifestOf({ "k1/a.txt": "x" })], "bad-checksum");
  });
});

describe("manifests", () => {
  const refuses = (
    title: string,
    alter: (manifest: Record<string, unknown>) => unknown,
    code: string,
    detail?: RegExp,
  ) =>
    it(title, async () => {
      await craftBundle(file, FILES, alter);
      await expectRefused(code, detail);
    });
  refuses("of a later version", (m) => ({ ...m, schema: "lasthop/bundle/v2" }), "newer-format", /v2/);
  refuses("of no version", (m) => ({ ...m, schema: "something/else" }), "bad-manifest");
  refuses("an array in the place of the object", () => [], "bad-manifest");
  refuses("an object in the place of the array", (m) => ({ ...m, files: {} }), "bad-manifest", /files/);
  refuses("a text in the place of a number", (m) => altered(m, { bytes: "7" }), "bad-manifest", /bytes/);
  refuses("a name that leads out", (m) => altered(m, { path: "../../etc/passwd" }), "bad-manifest", /path/);
  refuses("a file twice", (m) => ({ ...m, files: [...filesOf(m), ...filesOf(m)] }), "duplicate-file");
  refuses("no node at all", (m) => ({ ...m, files: [] }), "not-a-bundle");

  it("of a million entries, or words of a command, that are none: the first is told, and the rest is not looked at", async () => {
    const million = <T>(one: T) => Array.from({ length: 1_000_000 }, () => one);
    await craftBundle(file, FILES, (m) => ({ ...m, files: million({}) }));
    await expectRefused("bad-manifest", /^files\.0\.path: /);
    await craftBundle(file, FILES, (m) => altered(m, { argv: million(7) }));
    await expectRefused("bad-manifest", /^files\.0\.argv\.0: /);
  });

  it("that are no JSON: NaN, or nested a million deep", async () => {
    const [header, right = ""] = manifestOf(FILES);
    await expectArchiveRefused(
      [[header, String(right).replace(/"bytes":\d+/, '"bytes":NaN')]],
      "bad-manifest",
      /JSON|NaN/,
    );
    await expectArchiveRefused([[header, "[".repeat(1_000_000)]], "bad-manifest", /nested deeper/);
    await expectArchiveRefused([[header, `{"schema":${'{"a":'.repeat(500_000)}`]], "bad-manifest", /nested deeper/);
  });
});

describe("contents", () => {
  const diagnosed = async (files: Readonly<Record<string, string>>) =>
    diagnoseBundle(await craftBundle(file, { ...FILES, ...files }), NODE_PORT);

  it.each([
    ["an array in the place of the list", "[]", /api\/pods\.json: no list/],
    ["a list whose items are none", '{"items": {"a": 1}}', /no list/],
    ["no JSON", '{"items": [NaN]}', /api\/pods\.json/],
    ["nested too deep", `{"items":${"[".repeat(2_000_000)}`, /nested deeper/],
  ])("objects: %s", async (_title, pods, detail) => {
    const error = await diagnosed({ "api/pods.json": pods }).catch((error) => error);
    expect(error).toMatchObject({ code: "bad-object", detail: expect.stringMatching(detail) });
  });
});

describe("tables that are too large", () => {
  it("a million routes on each of three nodes: none is taken in part, and it is said", async () => {
    const routes = Array.from(
      { length: 1_000_000 },
      (_, n) => `${20 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.0/24 via 192.168.6.142 dev eth0\n`,
    ).join("");
    const bundle = alteredBundle("vxlan-healthy", (root) => {
      for (const node of ["k1", "k2", "k3"]) appendFileSync(join(root, node, "ip-route.txt"), routes);
    });
    const before = process.memoryUsage.rss();
    const startedAt = performance.now();
    const { status, verdict } = await diagnoseBundle(bundle, NODE_PORT);
    expect(performance.now() - startedAt).toBeLessThan(REFUSED_WITHIN_MS);
    expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_GROWN_BYTES);
    expect({ status, outcome: verdict.outcome, cause: verdict.cause }).toEqual({
      status: 2,
      outcome: "unknown",
      cause: null,
    });
    expect(verdict.notChecked).toContainEqual({
      what: "routes: k1; k2; k3",
      why: "its output has more than 400000 lines",
    });
    removeAltered();
  });
});

/** The same with smaller limits, so that it need not be that large. */
async function expectTooMuch(limits: BundleLimits, code: string, detail: string): Promise<void> {
  const into = mkdtempSync(join(temporary, "unpacked-"));
  await expect(unpack(file, into, null, limits)).rejects.toMatchObject({ code, detail });
  rmSync(into, { recursive: true });
}

function filesOf(manifest: Record<string, unknown>): readonly unknown[] {
  return manifest.files as readonly unknown[];
}

function altered(manifest: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  return { ...manifest, files: filesOf(manifest).map((entry) => ({ ...(entry as object), ...change })) };
}

/** A ustar header (POSIX.1-1988) as tar(5) has it. */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, "utf8");
  header.write("0000600\0", 100);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  writeChecksum(header);
  return header;
}

function writeChecksum(header: Buffer): void {
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
}
