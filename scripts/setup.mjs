// What `npm test` and `npm run demo` need on a fresh checkout: node modules and, as root on Debian, the packages
// whose programs the lab and the tests call. Runs before anything is installed, so it uses Node alone.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Debian package by a program that it brings: of the lab and the command line. */
const PROGRAMS = {
  ip: "iproute2",
  bridge: "iproute2",
  ss: "iproute2",
  tcpdump: "tcpdump",
  "iptables-nft": "iptables",
  nft: "nftables",
  ipset: "ipset",
  conntrack: "conntrack",
  ethtool: "ethtool",
  ping: "iputils-ping",
  curl: "curl",
  openssl: "openssl",
  ssh: "openssh-client",
  sysctl: "procps",
  modprobe: "kmod",
  kubectl: "kubernetes-client",
  nsenter: "util-linux",
};

/** Of the tests besides. */
export const TEST_PROGRAMS = { sshd: "openssh-server", busybox: "busybox", faketime: "faketime", chromium: "chromium" };

const SEARCH_PATH = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

function isInstalled(program) {
  return SEARCH_PATH.some((dir) => dir !== "" && existsSync(`${dir}/${program}`));
}

function run(argv, options = {}) {
  return spawnSync(argv[0], argv.slice(1), { cwd: root, stdio: ["ignore", "inherit", "inherit"], ...options }).status;
}

function ensureNodeModules() {
  const stamp = `${root}node_modules/.package-lock.json`;
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs) return;
  console.log("Installing node modules (npm ci) …");
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  // A registry that lacks a package of another platform makes `npm ci` refuse the lock file: then without it.
  if (run(["npm", "ci", ...quiet]) !== 0 && run(["npm", "install", "--no-package-lock", ...quiet]) !== 0) {
    console.error("npm ci failed. Is the npm registry reachable? See the lines above.");
    process.exit(3);
  }
}

function isDebian() {
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}

function ensurePrograms(packageOf) {
  const missing = Object.keys(packageOf).filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => packageOf[program]))];
  if (process.getuid?.() !== 0 || !isDebian()) {
    console.log(`Not installed here: ${missing.join(", ")}. Tests and demos that need them are skipped and say so.`);
    console.log(`On Debian or Ubuntu: sudo apt-get install ${packages.join(" ")}`);
    return;
  }
  console.log(`Installing Debian packages: ${packages.join(" ")} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const quiet = { env, stdio: ["ignore", "ignore", "inherit"] };
  run(["apt-get", "update", "-qq"], quiet);
  // One by one: a distribution that lacks one package should still get the others.
  for (const name of packages) {
    if (run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", name], quiet) !== 0) {
      console.log(`Could not install ${name}: what needs it is skipped and says so.`);
    }
  }
}

/**
 * Brings the checkout to where the command line can be built and the lab can run.
 * @param more Debian packages by programs that are needed besides
 */
export function setUp(more = {}) {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Lasthop needs Node 20.19 or later; this is ${process.versions.node}.`);
    process.exit(3);
  }
  ensureNodeModules();
  ensurePrograms({ ...PROGRAMS, ...more });
  process.env.PATH = [...new Set(SEARCH_PATH)].join(":");
}

export function build() {
  if (run([process.execPath, `${root}scripts/build.mjs`]) !== 0) process.exit(3);
}
