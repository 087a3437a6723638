import { z } from "zod";
import { defineKind, ReadFailure, said } from "../kind.ts";
import { flag, linkName, netnsParam } from "../params.ts";

const params = z.object({ link: linkName, master: linkName, hairpin: flag, netns: netnsParam });
type Params = z.infer<typeof params>;

const image = z.object({ master: z.string().nullable(), hairpin: z.boolean() });
type Image = z.infer<typeof image>;

function enslave(link: string, master: string | null): string[] {
  return ["ip", "link", "set", "dev", link, ...(master === null ? ["nomaster"] : ["master", master])];
}

/** A port that joins a bridge begins with hairpin off. */
function joining(link: string, { master, hairpin }: Image): string[][] {
  const on = ["bridge", "link", "set", "dev", link, "hairpin", "on"];
  return [enslave(link, master), ...(master !== null && hairpin ? [on] : [])];
}

function wanted({ master, hairpin }: Params): Image {
  return { master, hairpin: hairpin === "true" };
}

function text({ master }: Image): string {
  return master === null ? "no master" : `master ${master}`;
}

export const setMaster = defineKind<Params, Image>({
  id: "set-master",
  on: "node",
  params,
  image,
  fromEdit: (edit) =>
    edit.do === "set-master" ? { link: edit.link, master: edit.master, hairpin: String(edit.hairpin) } : null,
  commands: (p) => joining(p.link, wanted(p)),
  looks: (p) => [
    { argv: ["ip", "-o", "link", "show", "dev", p.link] },
    { argv: ["bridge", "-d", "link", "show", "dev", p.link] },
  ],
  see(_, answers) {
    const shown = said(answers);
    if (!/<[^>]*>/.test(shown)) throw new ReadFailure(shown.trim().slice(0, 200));
    const hairpin = /\bhairpin on\b/.test(answers[1]?.stdout ?? "");
    return { master: /> .*\bmaster (\S+)/.exec(shown)?.[1] ?? null, hairpin };
  },
  object: (p) => `link ${p.link}`,
  judge(p, present) {
    if (present.master === p.master) return "as-wanted";
    return present.master === null ? "as-found" : { other: text(present) };
  },
  acts: (p) => joining(p.link, wanted(p)).map((argv) => ({ argv })),
  disturbed: (_, { before, after, first }) =>
    first.master === after.master || first.master === before.master ? [] : [text(first)],
  undo: (p, { before, present }) =>
    before.master === present.master ? [] : joining(p.link, before).map((argv) => ({ argv })),
  remaining: (_, { before, present }) => (before.master === present.master ? [] : [text(present)]),
});
