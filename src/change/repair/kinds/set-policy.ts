import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
import { defineKind } from "../kind.ts";
import { type ChainImage, chainImage, chainParams, lookAtChain, placeText, programOf, seeChain } from "./chain.ts";

const params = chainParams.extend({ policy: z.enum(["ACCEPT", "DROP"]) });
type Params = z.infer<typeof params>;

function setOf(p: Params, program: string, policy: string): string[] {
  if (p.backend !== "nft") return [program, "-w", "-t", p.table, "-P", p.chain, policy.toUpperCase()];
  return ["nft", "add", "chain", p.family, p.table, p.chain, "{", "policy", policy.toLowerCase(), ";", "}"];
}

function isPolicy(image: ChainImage, policy: string | null): boolean {
  return image.policy?.toUpperCase() === policy?.toUpperCase();
}

export const setPolicy = defineKind<Params, ChainImage>({
  id: "set-policy",
  on: "node",
  params,
  image: chainImage,
  fromEdit: (edit) =>
    edit.do === "set-policy"
      ? { backend: edit.backend, family: edit.family, table: edit.table, chain: edit.chain, policy: edit.policy }
      : null,
  commands: (p) => [setOf(p, programOf(p), p.policy).filter((word) => word !== "-w")],
  looks: lookAtChain,
  see: seeChain,
  keep: (_, seen) => ({ ...seen, rules: [], handles: [], spoken: [] }),
  object: (p) => `policy ${placeText(p)}`,
  judge(p, image, found) {
    if (image.policy === null) return { other: image.exists ? phrase("no-policy") : phrase("absent") };
    if (isPolicy(image, p.policy)) return "as-wanted";
    return found === null || found === undefined || isPolicy(image, found) ? "as-found" : { other: image.policy };
  },
  acts: (p, image) => [{ argv: setOf(p, image.tool, p.policy) }],
  disturbed: (_, { before, after, first }) =>
    isPolicy(first, after.policy) || isPolicy(first, before.policy) ? [] : [first.policy ?? phrase("absent")],
  undo: (p, { before, present }) =>
    before.policy === null || isPolicy(present, before.policy) ? [] : [{ argv: setOf(p, present.tool, before.policy) }],
  remaining: (_, { before, present }) => (isPolicy(present, before.policy) ? [] : [present.policy ?? phrase("absent")]),
});
