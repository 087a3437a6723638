import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
import { defineKind, ReadFailure, said } from "../kind.ts";
import { linkName, netnsParam } from "../params.ts";

/** BR_STATE_* of linux/if_bridge.h; `bridge link set` takes the number in every version. */
const STATES = ["disabled", "listening", "learning", "forwarding", "blocking"] as const;

const value = z.enum(["on", "off", ...STATES]);
type Value = z.infer<typeof value>;
const params = z
  .object({
    link: linkName,
    attribute: z.enum(["hairpin", "isolated", "learning", "state"]),
    to: value,
    netns: netnsParam,
  })
  .refine((p) => isState(p.to) === (p.attribute === "state"));
type Params = z.infer<typeof params>;

const image = z.object({ value });
type Image = z.infer<typeof image>;

function isState(text: Value): text is (typeof STATES)[number] {
  return text !== "on" && text !== "off";
}

function set({ link, attribute }: Params, to: Value): string[] {
  return ["bridge", "link", "set", "dev", link, attribute, isState(to) ? String(STATES.indexOf(to)) : to];
}

export const setBridgePort = defineKind<Params, Image>({
  id: "set-bridge-port",
  on: "node",
  params,
  image,
  fromEdit: (edit) =>
    edit.do === "set-bridge-port" ? { link: edit.link, attribute: edit.attribute, to: edit.value } : null,
  commands: (p) => [set(p, p.to)],
  looks: (p) => [{ argv: ["bridge", "-d", "link", "show", "dev", p.link] }],
  see(p, answers) {
    const values = p.attribute === "state" ? STATES : ["on", "off"];
    const shown = new RegExp(`\\b${p.attribute} (${values.join("|")})\\b`).exec(said(answers))?.[1];
    const read = value.safeParse(shown);
    if (!read.success) throw new ReadFailure(phrase("no-bridge-port"));
    return { value: read.data };
  },
  object: (p) => `link ${p.link}`,
  judge: (p, image) => (image.value === p.to ? "as-wanted" : "as-found"),
  acts: (p) => [{ argv: set(p, p.to) }],
  disturbed: () => [],
  undo: (p, { before, present }) => (before.value === present.value ? [] : [{ argv: set(p, before.value) }]),
  remaining: (p, { before, present }) => (before.value === present.value ? [] : [`${p.attribute} ${present.value}`]),
});
