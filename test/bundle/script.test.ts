import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { openBundles } from "../../src/read/bundle/open-bundles.ts";
import { snapshotScript } from "../../src/read/bundle/snapshot-script.ts";
import { collectNode } from "../../src/read/collect/collect-node.ts";
import { ip } from "../../src/facts/ip.ts";
import type { Pod } from "../../src/facts/cluster.ts";
import { describeAsRoot } from "../cli/command-line.ts";

const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), "lasthop-script-"));
const script = join(root, "snapshot.sh");
writeFileSync(script, snapshotScript("0.1.0"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/**
 * A machine that sees nothing but itself: a node, and two pods on veths, one in a namespace that only its process holds, one in
 * a namespace that has a name too, as containerd and CRI-O make them. It runs the words that follow.
 */
const NODE = `mkdir -p /run/netns
mount -t tmpfs none /run/netns
ip link set lo up
unshare --net sleep 600 &
pods=$!
ip netns add cni-1
nsenter --net=/run/netns/cni-1 -- sleep 600 &
pods="$pods $!"
n=0
for pod in $pods; do
  while [ "$(readlink /proc/$pod/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
  ip link add veth$n type veth peer name eth0 netns /proc/$pod/ns/net
  ip addr add 10.99.$n.1/24 dev veth$n
  ip link set veth$n up
  nsenter --net=/proc/$pod/ns/net -- sh -c 'ip link set lo up; ip addr add $1 dev eth0; ip link set eth0 up' sh 10.99.$n.2/24
  n=$((n + 1))
done
sysctl -qw net.ipv4.tcp_fastopen_key=01234567-89abcdef-01234567-89abcdef net.ipv4.ip_forward=1
"$@"
status=$?
kill $pods
exit $status`;

const podAt = (name: string, address: string): Pod => ({
  namespace: "default",
  name,
  node: "n1",
  phase: "Running",
  ready: true,
  hostNetwork: false,
  ips: [ip(address)],
  labels: {},
  containers: [],
});
const PODS = [podAt("unnamed", "10.99.0.2"), podAt("named", "10.99.1.2")];

describeAsRoot("the snapshot script", () => {
  it.each([[["dash"]], [["busybox", "sh"]], [["bash", "--posix"]]])(
    "records its node under %j",
    async (shell) => {
      const file = join(root, `${shell.join("-")}.tgz`);
      const machine = ["--net", "--pid", "--fork", "--mount", "--mount-proc", "sh", "-c", NODE, "sh"];
      const env = { PATH: process.env.PATH, HOME: root };
      await run("unshare", [...machine, ...shell, script, file, "n1"], { env });
      const bundle = await openBundles([file]);
      const facts = await collectNode(bundle, "n1", PODS, { timeoutMs: 1000, maxBytes: 64 << 20 });
      await bundle.close();
      const [host, ...pods] = facts.netns;
      const linksOf = (netns: typeof host) => (netns?.links.known ? netns.links.value.map(({ name }) => name) : null);
      expect(linksOf(host)).toContain("veth0");
      expect(pods.map(linksOf)).toEqual([expect.arrayContaining(["eth0"]), expect.arrayContaining(["eth0"])]);
      const sysctls = host?.sysctls.known ? host.sysctls.value : [];
      expect(sysctls.find(({ key }) => key === "net.ipv4.ip_forward")?.value).toBe("1");
      expect(sysctls.filter(({ key }) => key.includes("fastopen_key"))).toEqual([]);
      const known = [host?.rulesets, host?.sockets, ...facts.netns.map(({ routes }) => routes)];
      expect(known.map((fact) => fact?.known)).toEqual([true, true, true, true, true]);
    },
    240_000,
  );

  /** What the script says and how it ends, in a machine of its own where these commands are what they say. */
  async function alone(
    shell: readonly string[],
    tools: Readonly<Record<string, string>>,
    around: string,
    name: readonly string[] = ["n1"],
  ) {
    const folder = mkdtempSync(join(root, "tools-"));
    for (const [name, text] of Object.entries(tools)) writeFileSync(join(folder, name), text, { mode: 0o755 });
    const machine = ["--net", "--pid", "--fork", "--mount", "--mount-proc", "sh", "-c", around, "sh"];
    const env = { PATH: `${folder}:${process.env.PATH}`, HOME: root };
    const { stdout } = await run("unshare", [...machine, ...shell, script, join(folder, "file.tgz"), ...name], { env });
    return { stdout, files: readdirSync(folder).filter((name) => name.startsWith("file")) };
  }

  it.each([[["dash"]], [["busybox", "sh"]], [["bash", "--posix"]]])(
    "leaves nothing behind under %j when it is interrupted",
    async (shell) => {
      const kubectl = "#!/bin/sh\nsleep 4321\nexit 0\n";
      const around = `"$@" 2>/dev/null &
script=$!
until ps -eo args | grep -q '^sleep 4321'; do sleep 0.1; done
kill -TERM $script
wait $script
echo "status $?"
ps -eo args | grep '^sleep 4321'
exit 0`;
      expect(await alone(shell, { kubectl }, around)).toEqual({ stdout: "status 130\n", files: [] });
    },
    60_000,
  );

  it.each([[["dash"]], [["busybox", "sh"]], [["bash", "--posix"]]])(
    "takes under %j the name that Kubernetes has for it, by its address, and says where there is none",
    async (shell) => {
      const lines = "other 192.0.2.1 other\\nn7.example 192.0.2.7 n7.example\\n";
      const kubectl = `#!/bin/sh\ncase "$*" in *addresses*) printf '${lines}' ;; *) exit 1 ;; esac\n`;
      const ready = kubectl.replace("exit 1", "echo '{}'");
      const around = (address: string): string =>
        `ip link set lo up; ip addr add ${address}/32 dev lo; "$@" 2>&1 | sed "/^reading node/q"`;
      expect((await alone(shell, { kubectl: ready }, around("192.0.2.7"), [])).stdout).toContain(
        "reading node n7.example",
      );
      const given = await alone(shell, { kubectl: ready }, around("192.0.2.7"), ["n8"]);
      expect(given.stdout).toMatch(/^lasthop: no node of the cluster is called n8: .*\nreading node n8\n/);
    },
    60_000,
  );

  it.each([[["dash"]], [["busybox", "sh"]], [["bash", "--posix"]]])(
    "says under %j that there is no room, and which ip it needs",
    async (shell) => {
      const full = `mount -t tmpfs -o size=16k none /mnt\nTMPDIR=/mnt "$@" 2>&1 | tail -n 1`;
      expect(await alone(shell, {}, full)).toEqual({
        stdout: expect.stringMatching(/^lasthop: there is no room in \/mnt\//),
        files: [],
      });
      const ip = "#!/bin/sh\necho 'BusyBox v1.36.1 multi-call binary.' >&2\nexit 1\n";
      const { stdout } = await alone(shell, { ip }, '"$@" 2>&1\necho "status $?"');
      expect(stdout).toMatch(/^lasthop: this needs iproute2's ip.*\nstatus 3\n$/);
    },
    60_000,
  );
});
