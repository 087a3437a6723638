import { z } from "zod";
import { defineKind } from "../kind.ts";
import { decimal, linkName, netnsParam } from "../params.ts";

const params = z.object({ link: linkName, vni: decimal, dstPort: decimal, netns: netnsParam });

/**
 * vxlan_changelink refuses another VNI or port, so the device would have to be made anew, with its addresses, routes,
 * neighbours and FDB: that is the CNI's to do. Without the device its agent, restarted, builds it as configured.
 */
export const setVxlan = defineKind<z.infer<typeof params>, null>({
  id: "set-vxlan",
  on: "node",
  byHand: () => true,
  params,
  image: z.null(),
  fromEdit: (edit) =>
    edit.do === "set-vxlan" ? { link: edit.link, vni: String(edit.vni), dstPort: String(edit.dstPort) } : null,
  commands: (p) => [["ip", "link", "del", "dev", p.link]],
  looks: () => [],
  see: () => null,
  object: (p) => `link ${p.link}`,
  judge: () => "as-found",
  acts: () => [],
  disturbed: () => [],
  undo: () => [],
  remaining: () => [],
});
