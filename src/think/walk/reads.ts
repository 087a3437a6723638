import type { Ip } from "../../facts/ip.ts";
import type { NetnsId } from "../../facts/provenance.ts";
import type { Backend } from "../../facts/ruleset.ts";
import type { SetQuestion } from "./netfilter/set-question.ts";

/** A question that a walk asked of the facts; misses are questions too. An edit that touches none of them changes nothing. */
export type Read =
  | { readonly of: "sysctl"; readonly netns: NetnsId; readonly key: string }
  | { readonly of: "route"; readonly netns: NetnsId; readonly table: number; readonly dst: Ip }
  | { readonly of: "policy-rules"; readonly netns: NetnsId }
  | { readonly of: "link"; readonly netns: NetnsId; readonly name: string }
  | { readonly of: "local-address"; readonly netns: NetnsId; readonly ip: Ip }
  | { readonly of: "neighbour"; readonly netns: NetnsId; readonly dev: string; readonly ip: Ip }
  | { readonly of: "fdb"; readonly netns: NetnsId; readonly dev: string; readonly mac: string }
  /** `number`: the rule that matched or was asked; 0: the end of the chain, where a base chain has its policy. */
  | {
      readonly of: "rule";
      readonly netns: NetnsId;
      readonly backend: Backend;
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      readonly number: number;
    }
  | { readonly of: "set"; readonly netns: NetnsId; readonly name: string; readonly asked: SetQuestion }
  | { readonly of: "socket"; readonly netns: NetnsId; readonly protocol: "tcp" | "udp"; readonly port: number }
  | { readonly of: "conntrack"; readonly netns: NetnsId }
  | { readonly of: "wire"; readonly netns: NetnsId; readonly link: string };
