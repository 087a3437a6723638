import type { Target } from "../../facts/ruleset.ts";
import type { Json } from "./nft-json.ts";
import { field, textField, u32 } from "./nft-json.ts";

/** (leaf & and) ^ xor: what any chain of &, | and ^ with constants comes down to (nft_bitwise). */
interface Linear {
  readonly leaf: "meta" | "ct" | null;
  readonly and: number;
  readonly xor: number;
}

/** `meta mark set …` and `ct mark set …`; null when it is another key or cannot be said so. */
export function readMarkChange(mangle: Json): Target | null {
  const key = leafOf(field(mangle, "key"));
  const value = linear(field(mangle, "value"), 0);
  if (key === null || value === null) return null;
  if (value.leaf === null || value.leaf === key) {
    const mask = value.leaf === null ? 0xffffffff : ~value.and >>> 0;
    return key === "meta"
      ? { do: "MARK", value: value.xor, mask }
      : { do: "CONNMARK", op: "set", value: value.xor, mask };
  }
  if (value.xor !== 0) return null;
  return { do: "CONNMARK", op: key === "meta" ? "restore" : "save", value: value.and, mask: 0xffffffff };
}

function leafOf(value: Json): "meta" | "ct" | null {
  if (textField(field(value, "meta"), "key") === "mark") return "meta";
  return textField(field(value, "ct"), "key") === "mark" ? "ct" : null;
}

function linear(value: Json, depth: number): Linear | null {
  if (depth > 16) return null;
  const constant = u32(value);
  if (constant !== null) return { leaf: null, and: 0, xor: constant };
  const leaf = leafOf(value);
  if (leaf !== null) return { leaf, and: 0xffffffff, xor: 0 };
  for (const op of ["&", "|", "^"] as const) {
    const operands = field(value, op);
    if (!Array.isArray(operands) || operands.length < 2) continue;
    let result = linear(operands[0], depth + 1);
    for (const operand of operands.slice(1)) {
      const c = u32(operand);
      if (result === null || c === null) return null;
      result = combine(result, op, c);
    }
    return result;
  }
  return null;
}

function combine({ leaf, and, xor }: Linear, op: "&" | "|" | "^", c: number): Linear {
  if (op === "&") return { leaf, and: (and & c) >>> 0, xor: (xor & c) >>> 0 };
  if (op === "|") return { leaf, and: (and & ~c) >>> 0, xor: ((xor & ~c) ^ c) >>> 0 };
  return { leaf, and, xor: (xor ^ c) >>> 0 };
}
