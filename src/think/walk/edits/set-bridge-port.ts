import type { BridgePort, Link } from "../../../facts/netns.ts";
import type { NetnsId } from "../../../facts/provenance.ts";
import type { World } from "../../../facts/world.ts";
import { isDeaf } from "../l2/deaf-port.ts";
import type { Read } from "../reads.ts";
import type { EditOf, PortAttribute } from "./edit.ts";
import type { Context, EditMeaning, Proposal } from "./edit-meaning.ts";
import { linkOf } from "./owners.ts";
import { departure, hostsOf, stemOf } from "./peers.ts";
import { rowsOf } from "./replace-table.ts";
import { changeLink } from "./set-link-up.ts";

type SetBridgePort = EditOf<"set-bridge-port">;

export const setBridgePort: EditMeaning<SetBridgePort> = {
  cost: 1,
  touches: (edit, read) => read.of === "link" && read.netns === edit.netns && read.name === edit.link,
  apply: (world, edit) =>
    changeLink(world, edit.netns, edit.link, (link) =>
      link.port === null || attributeOf(link.port, edit.attribute) === edit.value
        ? link
        : { ...link, port: withValue(link.port, edit) },
    ),
  propose: proposePort,
  object: (edit) => `link ${edit.link}`,
  found(world, edit) {
    const port = linkOf(world, edit.netns, edit.link)?.port;
    return port ? `${edit.attribute} ${attributeOf(port, edit.attribute)}` : null;
  },
  wanted: (edit) => `${edit.attribute} ${edit.value}`,
};

function attributeOf(port: BridgePort, attribute: PortAttribute): string {
  return attribute === "state" ? port.state : port[attribute] ? "on" : "off";
}

function withValue(port: BridgePort, { attribute, value }: SetBridgePort): BridgePort {
  return attribute === "state" ? { ...port, state: value } : { ...port, [attribute]: value === "on" };
}

function proposePort(world: World, read: Read, context: Context): readonly Proposal<SetBridgePort>[] {
  const { end, decidedBy } = context.branch;
  const isBlocked = end === "BRIDGE_PORT_BLOCKED" || (end === "NEIGHBOUR_FAILED" && decidedBy.includes(read));
  if (read.of !== "link" || !isBlocked) return [];
  const { netns, name } = read;
  const link = linkOf(world, netns, name);
  const port = link?.port ?? null;
  if (link === null || port === null) return [];
  return wantedOf(world, netns, link, port).map(({ attribute, value }) => {
    const edit: SetBridgePort = { do: "set-bridge-port", netns, link: name, attribute, value };
    const departs = departure(attributeOf(port, attribute), valuesElsewhere(world, netns, link, attribute));
    return { edit, kind: "cure", departure: departs };
  });
}

/** What of a port keeps frames from passing it. Where STP runs, the kernel lets nobody else set a state (br_set_port_state). */
function wantedOf(
  world: World,
  netns: NetnsId,
  link: Link,
  port: BridgePort,
): readonly Pick<SetBridgePort, "attribute" | "value">[] {
  const isStp = link.master !== null && linkOf(world, netns, link.master)?.bridge?.stp === true;
  return [
    ...(port.hairpin ? [] : [{ attribute: "hairpin", value: "on" } as const]),
    ...(port.isolated ? [{ attribute: "isolated", value: "off" } as const] : []),
    ...(isDeaf(link) ? [{ attribute: "learning", value: "on" } as const] : []),
    ...(port.state === "disabled" && link.up && link.carrier && !isStp
      ? [{ attribute: "state", value: "forwarding" } as const]
      : []),
  ];
}

function valuesElsewhere(world: World, netns: NetnsId, link: Link, attribute: PortAttribute): readonly string[] {
  return hostsOf(world).flatMap((host) =>
    rowsOf(world, host.id, "links").flatMap((l) =>
      l.port !== null && stemOf(l.name) === stemOf(link.name) && !(host.id === netns && l.name === link.name)
        ? [attributeOf(l.port, attribute)]
        : [],
    ),
  );
}
