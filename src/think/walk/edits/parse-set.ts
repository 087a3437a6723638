import { type Phrase, phrase } from "../../../facts/phrase.ts";
import { type NodeName, netnsId } from "../../../facts/provenance.ts";
import type { EditOf } from "./edit.ts";
import { canonicalKey } from "./sysctl-keys.ts";

export type ParsedSet =
  | { readonly ok: true; readonly edit: EditOf<"set-sysctl"> }
  | { readonly ok: false; readonly why: Phrase };

/**
 * `k2:net.ipv4.ip_forward=1`, `k2/pod:default/web:net.ipv4.ip_forward=1`: a supposition about a node's sysctl, or about a
 * pod's on that node. Keys as sysctl(8) takes them, with dots or slashes.
 */
export function parseSet(text: string, nodes: readonly NodeName[]): ParsedSet {
  const shape = /^([^:/=]+)(?:\/(host|pod:[^/:=]+\/[^/:=]+))?:([^=\s]+)\s*=\s*(.+)$/.exec(text.trim());
  if (shape === null) return { ok: false, why: phrase("set-not-of-form", { text }) };
  const [, node = "", name = "host", key = "", value = ""] = shape;
  if (!nodes.includes(node)) return { ok: false, why: phrase("set-no-node", { node, nodes }) };
  const canonical = canonicalKey(key);
  if (!/^net(\.[\w/:@-]+)+$/.test(canonical)) return { ok: false, why: phrase("set-no-key", { key }) };
  if (/[^\x20-\x7e\t]/.test(value) || value.length > 256) return { ok: false, why: phrase("set-no-value", { value }) };
  return { ok: true, edit: { do: "set-sysctl", netns: netnsId(node, name), key: canonical, value: value.trim() } };
}
