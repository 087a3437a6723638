/** A value of `nft -j` (man libnftables-json): nothing in it is trusted to have a shape. */
export type Json = unknown;

export function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of an own property; undefined where there is none. */
export function field(value: Json, key: string): Json {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function textField(value: Json, key: string): string | null {
  const found = field(value, key);
  return typeof found === "string" ? found : null;
}

/** The one key of a statement or expression, `{"accept": null}`, and its value. */
export function onlyEntry(value: Json): readonly [string, Json] | null {
  if (!isObject(value)) return null;
  const keys = Object.keys(value);
  const key = keys[0];
  return keys.length === 1 && key !== undefined ? [key, value[key]] : null;
}

/** A number, or text that is one. */
export function u32(value: Json): number | null {
  const number = typeof value === "string" && /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= 0xffffffff ? number : null;
}

/** `["fin", "syn"]`, `"syn"`, or nested `{"|": ["fin", "syn"]}` of flags. Null when it is something else. */
export function flagList(value: Json, depth = 0): readonly string[] | null {
  if (typeof value === "string") return [value];
  const list = Array.isArray(value) ? value : field(value, "|");
  if (!Array.isArray(list) || depth > 16) return null;
  const flags: string[] = [];
  for (const item of list) {
    const inner = flagList(item, depth + 1);
    if (inner === null) return null;
    flags.push(...inner);
  }
  return flags;
}
