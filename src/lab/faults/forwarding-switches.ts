import { runIn, writeSysctls } from "../netns.ts";

export type Switches = Readonly<Record<string, string>>;

const GLOBAL = "net.ipv4.ip_forward";
/** What a change of the global switch rewrites: devinet.c, inet_forward_change. */
const MOVES = "^net\\.ipv4\\.conf\\..*\\.(forwarding|accept_redirects)$";

/** Every switch that a change of `ip_forward` can move, as they are now. */
export async function readSwitches(netns: string): Promise<Switches> {
  const text = await runIn(netns, ["sysctl", "-a", "-r", `^net\\.ipv4\\.ip_forward$|${MOVES}`]);
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split(" = ") as [string, string]),
  );
}

/** The global switch first, since it rewrites the others; then those that still differ, of links that still exist. */
export async function restoreSwitches(netns: string, wanted: Switches): Promise<void> {
  const now = await readSwitches(netns);
  if (now[GLOBAL] !== wanted[GLOBAL]) await writeSysctls(netns, { [GLOBAL]: wanted[GLOBAL] ?? "1" });
  const after = await readSwitches(netns);
  const differing = Object.entries(wanted).filter(([key, value]) => key in after && after[key] !== value);
  await writeSysctls(netns, Object.fromEntries(differing));
}
