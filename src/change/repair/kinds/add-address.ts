import { z } from "zod";
import { parseIp } from "../../../facts/ip.ts";
import { textOf } from "../../../think/walk/edits/add-address.ts";
import { defineKind, ReadFailure, said } from "../kind.ts";
import { linkName, netnsParam } from "../params.ts";

/** `address`: `10.42.1.1/24`. */
const params = z.object({
  address: z
    .string()
    .max(64)
    .regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/)
    .refine((text) => parseIp(text.split("/")[0] ?? "") !== null),
  link: linkName,
  netns: netnsParam,
});
type Params = z.infer<typeof params>;

const image = z.object({ addresses: z.array(z.string()) });
type Image = z.infer<typeof image>;

function argvOf(op: "add" | "del", p: Params): string[] {
  const broadcast = op === "add" && !p.address.includes(":") ? ["brd", "+"] : [];
  return ["ip", "addr", op, p.address, ...broadcast, "dev", p.link];
}

function ipOf(address: string): string {
  return parseIp(address.split("/")[0] ?? "")?.text ?? address;
}

function has({ addresses }: Image, p: Params): boolean {
  return addresses.includes(p.address);
}

export const addAddress = defineKind<Params, Image>({
  id: "add-address",
  on: "node",
  params,
  image,
  fromEdit: (edit) => (edit.do === "add-address" ? { address: textOf(edit.address), link: edit.link } : null),
  commands: (p) => [argvOf("add", p)],
  looks: (p) => [{ argv: ["ip", "-o", "addr", "show", "dev", p.link] }, { argv: ["ip", "-o", "link", "show", p.link] }],
  see(_, answers) {
    // A link without any address is shown by no line.
    if (!/<[^>]*>/.test(answers[1]?.stdout ?? "")) throw new ReadFailure(said(answers).trim().slice(0, 200));
    const found = (answers[0]?.stdout ?? "").matchAll(/ inet6? ([0-9a-fA-F.:]+\/\d+)/g);
    return { addresses: [...found].map(([, address = ""]) => address) };
  },
  object: (p) => `address ${p.address} dev ${p.link}`,
  judge(p, present) {
    if (has(present, p)) return "as-wanted";
    const other = present.addresses.find((address) => ipOf(address) === ipOf(p.address));
    return other === undefined ? "as-found" : { other };
  },
  acts: (p) => [{ argv: argvOf("add", p) }],
  // An address is there or not: one of the two is what we left, the other what was before.
  disturbed: () => [],
  undo: (p, { before, present }) => (has(present, p) && !has(before, p) ? [{ argv: argvOf("del", p) }] : []),
  remaining: (p, { before, present }) => (has(present, p) && !has(before, p) ? [p.address] : []),
});
