import { type Phrase, phrase } from "../../facts/phrase.ts";

/** Something on a node that writes forwarding or rp_filter behind everybody's back. */
export interface Resetter {
  readonly by: Phrase;
  /** boot, next suspend, next reload … */
  readonly when: Phrase;
  /** A file that decides it, where there is one. */
  readonly file: string | null;
  /** It writes what files say, so it resets only what a file says otherwise or what stands in none. */
  readonly onlyAsFilesSay: boolean;
}

/** The keys that are written: every interface's `forwarding` with the family's switch, or `rp_filter`. */
export type ResetKey = "ipv4-forwarding" | "ipv6-forwarding" | "rp_filter";

/** What is on the node. */
export interface ResetterFacts {
  readonly files: ReadonlySet<string>;
  /** Of `RESETTER_UNITS`, those that are active; none where there is no systemd to ask. */
  readonly units: ReadonlySet<string>;
  /** Names of all that run; none where that was not read. */
  readonly processes: ReadonlySet<string>;
}

interface Known extends Resetter {
  readonly keys: readonly ResetKey[];
  readonly applies: (facts: ResetterFacts) => boolean;
}

const FORWARDING: readonly ResetKey[] = ["ipv4-forwarding", "ipv6-forwarding"];
const ALL: readonly ResetKey[] = [...FORWARDING, "rp_filter"];

const has = (paths: ReadonlySet<string>, ...any: readonly string[]) => any.some((path) => paths.has(path));

/** Where initscripts run the network; their stop ends in `sysctl -w net.ipv4.ip_forward=0` (rc.d/init.d/network). */
function hasNetworkScript({ files, units }: ResetterFacts): boolean {
  return has(files, "/etc/rc.d/init.d/network", "/etc/init.d/network") && has(units, "network.service");
}

/** What was not read may run. */
function lacksNetworkManager({ processes }: ResetterFacts): boolean {
  return processes.size > 0 && !has(processes, "NetworkManager");
}

function hasVmwareTools({ files, processes }: ResetterFacts): boolean {
  return has(processes, "vmtoolsd") || has(files, "/usr/bin/vmtoolsd", "/etc/vmware-tools/scripts/vmware/network");
}

const KNOWN: readonly Known[] = [
  {
    by: phrase("network-stop-by-vmware"),
    keys: ["ipv4-forwarding"],
    onlyAsFilesSay: false,
    when: phrase("next-suspend"),
    file: "/etc/rc.d/init.d/network",
    // open-vm-tools scripts/linux/network stops NetworkManager's networking where it runs, and network.service where not.
    applies: (facts) => hasNetworkScript(facts) && hasVmwareTools(facts) && lacksNetworkManager(facts),
  },
  {
    by: "network.service stop",
    keys: ["ipv4-forwarding"],
    onlyAsFilesSay: false,
    when: phrase("next-network-restart"),
    file: "/etc/rc.d/init.d/network",
    applies: hasNetworkScript,
  },
  {
    by: "TuneD, reapply_sysctl",
    keys: ALL,
    onlyAsFilesSay: true,
    when: phrase("next-tuned"),
    file: "/etc/tuned/tuned-main.conf",
    applies: ({ files, processes, units }) =>
      has(processes, "tuned") || has(units, "tuned.service") || has(files, "/etc/tuned/active_profile"),
  },
  {
    by: "ufw",
    keys: ALL,
    onlyAsFilesSay: true,
    when: phrase("next-ufw"),
    file: "/etc/ufw/sysctl.conf",
    applies: ({ files }) => has(files, "/etc/ufw/sysctl.conf"),
  },
  ...["60-gce-network-security.conf", "11-gce-network-security.conf", "99-gce.conf"].flatMap((name) =>
    ["/etc/sysctl.d", "/usr/lib/sysctl.d"].map((directory) => ({
      by: phrase("gce-guest"),
      keys: ALL,
      onlyAsFilesSay: true,
      when: phrase("next-reload-or-boot"),
      file: `${directory}/${name}`,
      applies: ({ files }: ResetterFacts) => files.has(`${directory}/${name}`),
    })),
  ),
  {
    by: "SuSEfirewall2, FW_ROUTE",
    keys: FORWARDING,
    onlyAsFilesSay: false,
    when: phrase("next-firewall"),
    file: "/etc/sysconfig/SuSEfirewall2",
    applies: ({ files }) => has(files, "/etc/sysconfig/SuSEfirewall2"),
  },
  {
    by: phrase("udev-rp-filter"),
    keys: ["rp_filter"],
    onlyAsFilesSay: true,
    when: phrase("next-link"),
    file: "/usr/lib/sysctl.d/50-default.conf",
    applies: ({ files }) => has(files, "/usr/lib/sysctl.d/50-default.conf"),
  },
];

/** Units whose state the table asks for. */
export const RESETTER_UNITS: readonly string[] = ["network.service", "tuned.service"];

/** Paths whose existence the table asks for; what a collector has to look at. */
export const RESETTER_PATHS: readonly string[] = [
  "/etc/rc.d/init.d/network",
  "/etc/init.d/network",
  "/usr/bin/vmtoolsd",
  "/etc/vmware-tools/scripts/vmware/network",
  "/etc/tuned/active_profile",
  "/etc/ufw/sysctl.conf",
  "/etc/sysconfig/SuSEfirewall2",
  "/usr/lib/sysctl.d/50-default.conf",
  ...["/etc/sysctl.d", "/usr/lib/sysctl.d"].flatMap((directory) =>
    ["60-gce-network-security.conf", "11-gce-network-security.conf", "99-gce.conf"].map((n) => `${directory}/${n}`),
  ),
];

/** The known resetters that this node has, the most particular first. `file` only where it is there. */
export function whoResets(facts: ResetterFacts, key: ResetKey): readonly Resetter[] {
  return KNOWN.filter((known) => known.keys.includes(key) && known.applies(facts)).map((known) => ({
    by: known.by,
    when: known.when,
    file: known.file !== null && facts.files.has(known.file) ? known.file : null,
    onlyAsFilesSay: known.onlyAsFilesSay,
  }));
}
