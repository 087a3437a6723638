import { type Ip, parseIp } from "../../facts/ip.ts";

/** What a person typed, taken apart; nothing is looked up yet. */
export type Symptom =
  | {
      readonly kind: "url";
      readonly input: string;
      readonly url: string;
      /** Where a host name of one label is looked up first. */
      readonly namespace: string;
      /** A name in lower case, or an address without brackets. */
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
    }
  | {
      readonly kind: "service" | "pod";
      readonly input: string;
      readonly namespace: string;
      readonly name: string;
      readonly port: string | null;
    }
  | { readonly kind: "dns"; readonly input: string; readonly name: string }
  | { readonly kind: "address"; readonly input: string; readonly ip: Ip; readonly port: number | null };

export type SymptomError = { readonly error: "symptom-not-understood"; readonly input: string };

const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** RFC 1035's shape, with the underscores of SRV names, and the root's dot. */
const DNS_NAME = /^(?=.{1,254}$)[a-z0-9_]([-a-z0-9_]{0,62})(\.[a-z0-9_][-a-z0-9_]{0,62})*\.?$/i;
const PORT = /^\d+$/;
/** No text that is longer is a URL or a name worth trying. */
const MOST_CHARACTERS = 4096;

/** `svc/NAME[:PORT]` and `pod/NAME[:PORT]` also take `svc/NAMESPACE/NAME`. */
export function parseSymptom(input: string, namespace: string): Symptom | SymptomError {
  const notUnderstood: SymptomError = { error: "symptom-not-understood", input };
  if (input.length > MOST_CHARACTERS) return notUnderstood;
  if (/^https?:\/\//i.test(input)) return parseUrl(input, namespace) ?? notUnderstood;

  const object = /^(svc|service|services|pod|pods|po|dns)\/(.+)$/.exec(input);
  if (object !== null) {
    const [, word = "", rest = ""] = object;
    if (word === "dns") return DNS_NAME.test(rest) ? { kind: "dns", input, name: rest } : notUnderstood;
    const named = /^(?:([^/:]+)\/)?([^/:]+)(?::([^/:]+))?$/.exec(rest);
    if (named === null) return notUnderstood;
    const [, ns = namespace, name = "", port = null] = named;
    if (!NAME.test(ns) || !NAME.test(name)) return notUnderstood;
    if (port !== null && PORT.test(port) && !isPort(Number(port))) return notUnderstood;
    return { kind: word.startsWith("s") ? "service" : "pod", input, namespace: ns, name, port };
  }

  // `fd00::1:80` is an address as a whole: a port after IPv6 needs brackets (RFC 3986).
  const whole = parseIp(/^\[.*:.*\]$/.test(input) ? input.slice(1, -1) : input);
  if (whole !== null) return { kind: "address", input, ip: whole, port: null };
  const [, bracketed, bare, digits = ""] = /^(?:\[([^[\]]*)\]|([^:]*)):(\d{1,5})$/.exec(input) ?? [];
  const ip = parseIp(bracketed ?? bare ?? "");
  const port = Number(digits);
  if (ip === null || (bracketed !== undefined && ip.family !== 6) || !isPort(port)) return notUnderstood;
  return { kind: "address", input, ip, port };
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65535;
}

function parseUrl(input: string, namespace: string): Symptom | null {
  let url: URL;
  try {
    url = new URL(input);
  } catch {
    return null;
  }
  const tls = url.protocol === "https:";
  const port = url.port === "" ? (tls ? 443 : 80) : Number(url.port);
  if (!isPort(port)) return null;
  return { kind: "url", input, url: url.href, namespace, host: url.hostname.replace(/^\[|\]$/g, ""), port, tls };
}
