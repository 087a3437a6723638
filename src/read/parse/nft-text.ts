import type { Json } from "./nft-json.ts";
import { field, isObject, onlyEntry } from "./nft-json.ts";

const LONGEST = 400;

/** A statement or expression much as `nft list ruleset` prints it; counters left out, long ones cut. */
export function printNft(value: Json): string {
  const text = print(value, 0);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

function print(value: Json, depth: number): string {
  if (value === null) return "";
  if (!isObject(value) && !Array.isArray(value)) return String(value);
  if (depth > 12) return "…";
  const inner = (child: Json): string => print(child, depth + 1);
  if (Array.isArray(value)) return value.slice(0, 64).map(inner).join(",");
  const [key, body] = onlyEntry(value) ?? [null, null];
  if (key === null) {
    const pairs = Object.entries(value).slice(0, 16);
    return pairs.map(([name, child]) => `${name} ${inner(child)}`.trim()).join(" ");
  }
  const get = (name: string): string => inner(field(body, name) ?? null);
  switch (key) {
    case "match": {
      const op = get("op");
      return `${get("left")} ${op === "==" || op === "in" ? "" : `${op} `}${get("right")}`;
    }
    case "payload":
      return field(body, "protocol") === undefined
        ? `@${get("base")},${get("offset")},${get("len")}`
        : `${get("protocol")} ${get("field")}`;
    case "meta":
      return /^(?:iif|oif|iifname|oifname|mark)$/.test(get("key")) ? get("key") : `meta ${get("key")}`;
    case "ct":
      return ["ct", get("dir"), get("key")].filter((part) => part !== "").join(" ");
    case "prefix":
      return `${get("addr")}/${get("len")}`;
    case "range":
      return Array.isArray(body) ? body.slice(0, 2).map(inner).join("-") : "";
    case "concat":
      return Array.isArray(body) ? body.slice(0, 16).map(inner).join(" . ") : "";
    case "set":
      return Array.isArray(body)
        ? `{ ${body
            .slice(0, 64)
            .map((item) => pair(item, inner))
            .join(", ")} }`
        : `set ${inner(body)}`;
    case "vmap":
    case "map":
      return `${get("key")} ${key} ${get("data")}`;
    case "mangle":
      return `${get("key")} set ${get("value")}`;
    case "jump":
    case "goto":
      return `${key} ${get("target")}`;
    case "fib": {
      const flags = field(body, "flags");
      return `fib ${Array.isArray(flags) ? flags.map(inner).join(" . ") : inner(flags ?? null)} ${get("result")}`;
    }
    case "numgen":
      return `numgen ${get("mode")} mod ${get("mod")}`;
    case "dnat":
    case "snat":
      return `${key} to ${get("addr")}${field(body, "port") === undefined ? "" : `:${get("port")}`}`;
    case "counter":
      return "counter";
    case "&":
    case "|":
    case "^":
      return Array.isArray(body) ? body.slice(0, 16).map(inner).join(` ${key} `) : "";
    default:
      return body === null ? key : `${key} ${inner(body)}`;
  }
}

/** An element of a map is a pair of key and value. */
function pair(item: Json, inner: (child: Json) => string): string {
  return Array.isArray(item) && item.length === 2 ? `${inner(item[0])} : ${inner(item[1])}` : inner(item);
}
