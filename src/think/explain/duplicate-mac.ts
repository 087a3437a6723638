import type { Link } from "../../facts/netns.ts";
import { netnsNameOf, nodeOf } from "../../facts/provenance.ts";
import { linksOf, type World } from "../../facts/world.ts";
import { hostsOf } from "../walk/edits/peers.ts";
import { frameOf } from "../walk/packet-parts.ts";
import type { NamedCause } from "./explain.ts";
import type { Suspect } from "./suspect.ts";

/**
 * The VXLAN devices of two machines have one MAC address: what one sends the other takes for its own that came back, and drops
 * (vxlan_set_mac in drivers/net/vxlan/vxlan_core.c).
 */
export function duplicateMac(suspect: Suspect, world: World, kernelDissents: boolean): readonly NamedCause[] {
  const { predicted, attempts, failed, witness, tried } = suspect;
  if (predicted?.at.end !== "WRONG_MAC" || netnsNameOf(predicted.at.netns) !== "host") return [];
  const { netns, link: name, steps } = predicted.at;
  const link = linksOf(world.netns.get(netns)).find((l) => l.name === name);
  const source = steps.at(-1)?.packet;
  if (link?.vxlan == null || source === undefined || frameOf(source)?.src !== link.mac) return [];
  const { mac } = link;
  const twins = hostsOf(world).flatMap((host) => {
    const twin = linksOf(host).find((other) => isTwin(other, link));
    return twin === undefined ? [] : [{ node: host.node, dev: twin.name }];
  });
  if (mac === null || twins.length < 2) return [];
  const found = twins.map((twin) => `${twin.node} (${twin.dev})`).join(", ");
  const object = `MAC address ${mac}`;
  const isMet = witness === "agree" && failed > 0 && attempts === failed;
  const isUntried = tried.tries.length === 0;
  return [
    {
      id: "duplicate-vtep-mac",
      node: null,
      netns: null,
      object,
      found,
      wanted: null,
      params: { object, found, mac, met: nodeOf(netns) },
      confidence: kernelDissents || !(isMet || isUntried) ? "suspected" : isMet ? "confirmed" : "likely",
      edits: [],
      proven: false,
      suspects: [suspect],
    },
  ];
}

function isTwin(other: Link, link: Link): boolean {
  return other.vxlan !== null && other.vxlan.vni === link.vxlan?.vni && other.mac === link.mac;
}
