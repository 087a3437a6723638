import { z } from "zod";
import { defineKind } from "../kind.ts";
import {
  type LinkImage,
  type LinkParams,
  linkImage,
  linkParams,
  lookAtLink,
  lostLines,
  missingOf,
  seeLink,
} from "./link-image.ts";

export const setLinkUp = defineKind<LinkParams, LinkImage>({
  id: "set-link-up",
  on: "node",
  params: linkParams,
  image: linkImage,
  fromEdit: (edit) => (edit.do === "set-link-up" ? { link: edit.link } : null),
  commands: (p) => [["ip", "link", "set", "dev", p.link, "up"]],
  looks: lookAtLink,
  see: seeLink,
  object: (p) => `link ${p.link}`,
  judge: (_, image) => (image.up ? "as-wanted" : "as-found"),
  acts: (p) => [{ argv: ["ip", "link", "set", "dev", p.link, "up"] }],
  // Up or down: one of the two is what we left, the other what was before.
  disturbed: () => [],
  undo(p, view) {
    const { before, present } = view;
    if (present.up && !before.up) return [{ argv: ["ip", "link", "set", "dev", p.link, "down"] }];
    return missingOf(p, view);
  },
  remaining: (_, view) => [
    ...(view.present.up === view.before.up ? [] : [view.present.up ? "UP" : "DOWN"]),
    ...lostLines(view),
  ],
});

const mtuParams = linkParams.extend({ mtu: z.string().regex(/^[1-9]\d{1,5}$/) });
type MtuParams = z.infer<typeof mtuParams>;

export const setLinkMtu = defineKind<MtuParams, LinkImage>({
  id: "set-link-mtu",
  on: "node",
  params: mtuParams,
  image: linkImage,
  fromEdit: (edit) => (edit.do === "set-link-mtu" ? { link: edit.link, mtu: String(edit.mtu) } : null),
  commands: (p) => [["ip", "link", "set", "dev", p.link, "mtu", p.mtu]],
  looks: lookAtLink,
  see: seeLink,
  object: (p) => `link ${p.link}`,
  judge(p, image, found) {
    if (image.mtu === Number(p.mtu)) return "as-wanted";
    const foundMtu = /\d+/.exec(found ?? "")?.[0];
    return foundMtu === undefined || image.mtu === Number(foundMtu) ? "as-found" : { other: String(image.mtu) };
  },
  acts: (p) => [{ argv: ["ip", "link", "set", "dev", p.link, "mtu", p.mtu] }],
  disturbed: (_, { before, after, first }) =>
    first.mtu === after.mtu || first.mtu === before.mtu ? [] : [`mtu ${first.mtu}`],
  undo(p, view) {
    const { before, present } = view;
    if (present.mtu !== before.mtu) return [{ argv: ["ip", "link", "set", "dev", p.link, "mtu", String(before.mtu)] }];
    return missingOf(p, view);
  },
  remaining: (_, view) => [
    ...(view.present.mtu === view.before.mtu ? [] : [`mtu ${view.present.mtu}`]),
    ...lostLines(view),
  ],
});
