import { bridgeBatch, ipBatch, runIn, tryRunIn } from "../netns.ts";

/** What no link of a lab has as its MAC address. */
export const NOBODYS_MAC = "02:00:00:00:00:99";

/** The permanent neighbour entry of an address, as `ip neigh replace` takes it; null where there is none. */
export async function readNeighbour(netns: string, address: string, link: string): Promise<string | null> {
  const text = await runIn(netns, ["ip", "-4", "neigh", "show", "to", address, "dev", link, "nud", "permanent"]);
  const mac = /lladdr (\S+)/.exec(text)?.[1];
  return mac === undefined ? null : `${address} lladdr ${mac} dev ${link} nud permanent`;
}

export async function setNeighbour(netns: string, address: string, link: string, mac: string): Promise<void> {
  await ipBatch(netns, [`neigh replace ${address} lladdr ${mac} dev ${link} nud permanent`]);
}

export async function deleteNeighbour(netns: string, address: string, link: string): Promise<void> {
  await tryRunIn(netns, ["ip", "neigh", "del", address, "dev", link]);
}

/** That entry, or none: then the kernel resolves the address itself. */
export async function restoreNeighbour(
  netns: string,
  address: string,
  link: string,
  wanted: string | null,
): Promise<void> {
  if (wanted === null) await deleteNeighbour(netns, address, link);
  else await ipBatch(netns, [`neigh replace ${wanted}`]);
}

/** Where a VXLAN device sends what is for a MAC address; null where it does not know. */
export async function readRemote(netns: string, mac: string, link: string): Promise<string | null> {
  const text = await runIn(netns, ["bridge", "fdb", "show", "dev", link]);
  const line = text.split("\n").find((one) => one.startsWith(`${mac} `) && one.includes(" dst "));
  return line === undefined ? null : (/ dst (\S+)/.exec(line)?.[1] ?? null);
}

export async function restoreRemote(netns: string, mac: string, link: string, wanted: string | null): Promise<void> {
  const now = await readRemote(netns, mac, link);
  if (now === wanted) return;
  if (now !== null) await bridgeBatch(netns, [`fdb del ${mac} dev ${link} dst ${now} self`]);
  if (wanted !== null) await bridgeBatch(netns, [`fdb replace ${mac} dev ${link} dst ${wanted} self permanent`]);
}
