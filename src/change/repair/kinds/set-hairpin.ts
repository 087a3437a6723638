import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
import { defineKind, ReadFailure, said } from "../kind.ts";
import { flag, linkName, netnsParam } from "../params.ts";

const params = z.object({ link: linkName, on: flag, netns: netnsParam });
type Params = z.infer<typeof params>;

const image = z.object({ hairpin: z.enum(["on", "off"]) });
type Image = z.infer<typeof image>;

function set(link: string, to: "on" | "off"): string[] {
  return ["bridge", "link", "set", "dev", link, "hairpin", to];
}

function wanted(p: Params): "on" | "off" {
  return p.on === "true" ? "on" : "off";
}

export const setHairpin = defineKind<Params, Image>({
  id: "set-hairpin",
  on: "node",
  params,
  image,
  fromEdit: (edit) => (edit.do === "set-hairpin" ? { link: edit.link, on: String(edit.on) } : null),
  commands: (p) => [set(p.link, wanted(p))],
  looks: (p) => [{ argv: ["bridge", "-d", "link", "show", "dev", p.link] }],
  see(_, answers) {
    const state = /\bhairpin (on|off)\b/.exec(said(answers))?.[1];
    if (state !== "on" && state !== "off") throw new ReadFailure(phrase("no-bridge-port"));
    return { hairpin: state };
  },
  object: (p) => `link ${p.link}`,
  judge: (p, { hairpin }) => (hairpin === wanted(p) ? "as-wanted" : "as-found"),
  acts: (p) => [{ argv: set(p.link, wanted(p)) }],
  disturbed: () => [],
  undo: (p, { before, present }) => (before.hairpin === present.hairpin ? [] : [{ argv: set(p.link, before.hairpin) }]),
  remaining: (_, { before, present }) => (before.hairpin === present.hairpin ? [] : [`hairpin ${present.hairpin}`]),
});
