import { type NodeName, netnsId } from "../../../facts/provenance.ts";
import type { EditOf } from "./edit.ts";
import { canonicalKey } from "./sysctl-keys.ts";

export type ParsedSet =
  | { readonly ok: true; readonly edit: EditOf<"set-sysctl"> }
  | { readonly ok: false; readonly why: string };

/**
 * `k2:net.ipv4.ip_forward=1`, `k2/pod:default/web:net.ipv4.ip_forward=1`: a supposition about a node's sysctl, or about a
 * pod's on that node. Keys as sysctl(8) takes them, with dots or slashes.
 */
export function parseSet(text: string, nodes: readonly NodeName[]): ParsedSet {
  const shape = /^([^:/=]+)(?:\/(host|pod:[^/:=]+\/[^/:=]+))?:([^=\s]+)\s*=\s*(.+)$/.exec(text.trim());
  if (shape === null) return { ok: false, why: `not of the form NODE:KEY=VALUE: ${text}` };
  const [, node = "", name = "host", key = "", value = ""] = shape;
  if (!nodes.includes(node)) {
    const have = nodes.length === 0 ? "none" : nodes.join(", ");
    return { ok: false, why: `no node named ${node}; there are: ${have}` };
  }
  const canonical = canonicalKey(key);
  if (!/^net(\.[\w/:@-]+)+$/.test(canonical)) return { ok: false, why: `not a net.* sysctl: ${key}` };
  if (/[^\x20-\x7e\t]/.test(value) || value.length > 256) return { ok: false, why: `not a sysctl's value: ${value}` };
  return { ok: true, edit: { do: "set-sysctl", netns: netnsId(node, name), key: canonical, value: value.trim() } };
}
