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
      // Behind an operation the comparison is spelled out: `tcp flags & (syn | ack) == syn`.
      const isPlain = (op === "==" || op === "in") && !isOperation(field(body, "left"));
      return `${get("left")} ${isPlain ? "" : `${op === "in" ? "==" : op} `}${get("right")}`;
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
      return `numgen ${get("mode")} mod ${get("mod")}${isSet(body, "offset") ? ` offset ${get("offset")}` : ""}`;
    case "dnat":
    case "snat":
    case "masquerade":
    case "redirect":
      return printNat(key, body, inner);
    case "limit": {
      const unit = get("rate_unit");
      const burst = get("burst");
      const isUsual = burst === "" || burst === (unit === "" || unit === "packets" ? "5" : "0");
      const rate = `${get("rate")}${unit === "" || unit === "packets" ? "" : ` ${unit}`}/${get("per")}`;
      return `limit rate ${over(body)}${rate}${isUsual ? "" : ` burst ${burst} ${get("burst_unit") || "packets"}`}`;
    }
    case "ct count":
      return `ct count ${over(body)}${get("val")}`;
    case "quota":
      return `quota ${over(body)}${get("val")} ${get("val_unit")}`;
    case "reject":
      return ["reject", isSet(body, "type") ? `with ${get("type")}` : "", get("expr")]
        .filter((part) => part !== "")
        .join(" ");
    case "log":
      return ["prefix", "level", "group"].reduce(
        (text, name) =>
          isSet(body, name) ? `${text} ${name} ${name === "prefix" ? JSON.stringify(get(name)) : get(name)}` : text,
        "log",
      );
    case "tcp option":
      return `tcp option ${get("name")} ${get("field")}`.trim();
    case "rt":
      return `rt ${get("key")}`;
    case "counter":
      return "counter";
    case "&":
    case "|":
    case "^":
      return Array.isArray(body)
        ? body
            .slice(0, 16)
            .map((part) =>
              Array.isArray(part) ? `(${part.slice(0, 64).map(inner).join(" | ")})` : operand(part, inner),
            )
            .join(` ${key} `)
        : "";
    default:
      return body === null ? key : `${key} ${inner(body)}`;
  }
}

/** `dnat ip to 10.0.0.1:80 persistent`, `masquerade fully-random`, `redirect to :8080`. */
function printNat(key: string, body: Json, inner: (child: Json) => string): string {
  const get = (name: string): string => inner(field(body, name) ?? null);
  const [address, port] = [get("addr"), get("port")];
  const place = port !== "" && address.includes(":") ? `[${address}]` : address;
  const to = address === "" && port === "" ? "" : `to ${place}${port === "" ? "" : `:${port}`}`;
  return [key, get("family"), to, get("flags")].filter((part) => part !== "").join(" ");
}

function over(body: Json): string {
  return field(body, "inv") === true ? "over " : "";
}

function isSet(body: Json, name: string): boolean {
  const value = field(body, name);
  return value !== undefined && value !== null && value !== 0;
}

function isOperation(value: Json | undefined): boolean {
  const [key] = (isObject(value ?? null) ? onlyEntry(value as Json) : null) ?? [""];
  return key === "&" || key === "|" || key === "^";
}

function operand(part: Json, inner: (child: Json) => string): string {
  return isOperation(part) ? `(${inner(part)})` : inner(part);
}

/** An element of a map is a pair of key and value. */
function pair(item: Json, inner: (child: Json) => string): string {
  return Array.isArray(item) && item.length === 2 ? `${inner(item[0])} : ${inner(item[1])}` : inner(item);
}
