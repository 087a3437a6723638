import { parseIp, parsePrefix, prefixOf } from "../../facts/ip.ts";
import type { Address } from "../../facts/netns.ts";
import type { Source } from "../../facts/provenance.ts";
import type { Line } from "./parsed.ts";
import { because, wordsOf } from "./parsed.ts";

/** `inet 10.0.0.1/24 brd … scope global eth0`, `inet 10.0.0.1 peer 10.0.0.2/32 …`. Null when it holds no address. */
export function readAddress(line: Line, source: Source): Address | null {
  const words = wordsOf(line.text);
  const [own = "", length] = (words[1] ?? "").split("/");
  const ip = parseIp(own);
  if (ip === null || ip.family !== (words[0] === "inet6" ? 6 : 4)) return null;
  const prefix =
    words[2] === "peer"
      ? parsePrefix(words[3] ?? "", ip.family)
      : length === undefined
        ? prefixOf(ip.family, ip.value, ip.family === 4 ? 32 : 128)
        : parsePrefix(`${own}/${length}`, ip.family);
  if (prefix === null) return null;
  const scope = words.indexOf("scope");
  return {
    ip,
    prefix,
    scope: scope < 0 ? "global" : (words[scope + 1] ?? "global"),
    secondary: scope >= 0 && words.includes("secondary", scope),
    because: because(source, line),
  };
}
