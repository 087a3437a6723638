import { sameIp } from "../facts/ip.ts";
import { type NetnsId, netnsId, netnsNameOf } from "../facts/provenance.ts";
import type { Target } from "../think/symptom/target.ts";
import type { Walk } from "../think/walk/branch.ts";
import { innerIp } from "../think/walk/packet.ts";
import type { Field } from "./field.ts";
import { type Place, placeOf } from "./place.ts";

/**
 * Who sends to the endpoints of what is tried from these places: they themselves, or the node that they come in by. What comes to a
 * node port, or to an external address, that node masquerades: the endpoint sees it come from there.
 * @param walks of the symptom. By which node an external address is entered no object tells: where they do not either, any may be.
 */
export function askersOf(
  { world, cluster }: Pick<Field, "world" | "cluster">,
  { service, entry }: Target,
  places: readonly Place[],
  walks: readonly Walk[],
): readonly Place[] {
  const placesOf = (ids: Iterable<NetnsId>): readonly Place[] => [...ids].flatMap((id) => placeOf(world, id) ?? []);
  const hostsOf = (nodes: readonly { readonly name: string }[]): readonly Place[] =>
    placesOf(nodes.map(({ name }) => netnsId(name, "host")));
  switch (service?.through) {
    case "node-port":
      return orElse(hostsOf(entry === null ? [] : [entry]), places);
    case "external-ip":
      return orElse(placesOf(new Set(walks.flatMap(translators))), orElse(hostsOf(cluster.nodes), places));
    default:
      return places;
  }
}

function orElse(found: readonly Place[], others: readonly Place[]): readonly Place[] {
  return found.length > 0 ? found : others;
}

/** Where a node gives the request another destination. */
function translators({ flow, branches }: Walk): readonly NetnsId[] {
  return branches.flatMap(({ steps }) => {
    const step = steps.find(({ packet }) => !sameIp(innerIp(packet).dst, flow.dst));
    return step === undefined || netnsNameOf(step.netns) !== "host" ? [] : [step.netns];
  });
}
