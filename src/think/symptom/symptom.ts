import { type Ip, parseIp } from "../../facts/ip.ts";

/** What a person typed, taken apart; nothing is looked up yet. */
export type Symptom =
  | {
      readonly kind: "url";
      readonly input: string;
      readonly url: string;
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

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** `svc/NAME[:PORT]` and `pod/NAME[:PORT]` also take `svc/NAMESPACE/NAME`. */
export function parseSymptom(input: string, namespace: string): Symptom | SymptomError {
  const notUnderstood: SymptomError = { error: "symptom-not-understood", input };
  if (/^https?:\/\//i.test(input)) return parseUrl(input) ?? notUnderstood;

  const object = /^(svc|service|services|pod|pods|po|dns)\/(.+)$/.exec(input);
  if (object !== null) {
    const [, word = "", rest = ""] = object;
    if (word === "dns") return NAME.test(rest) ? { kind: "dns", input, name: rest } : notUnderstood;
    const named = /^(?:([^/:]+)\/)?([^/:]+)(?::([^/:]+))?$/.exec(rest);
    if (named === null) return notUnderstood;
    const [, ns = namespace, name = "", port = null] = named;
    if (!NAME.test(ns) || !NAME.test(name)) return notUnderstood;
    return { kind: word.startsWith("s") ? "service" : "pod", input, namespace: ns, name, port };
  }

  const address = /^\[?([0-9a-f.:]+?)\]?(?::(\d{1,5}))?$/i.exec(input);
  const whole = parseIp(input.replace(/^\[|\]$/g, ""));
  if (whole !== null) return { kind: "address", input, ip: whole, port: null };
  const ip = address === null ? null : parseIp(address[1] ?? "");
  const port = Number(address?.[2] ?? 0);
  return ip === null || port < 1 || port > 65535 ? notUnderstood : { kind: "address", input, ip, port };
}

function parseUrl(input: string): Symptom | null {
  let url: URL;
  try {
    url = new URL(input);
  } catch {
    return null;
  }
  const tls = url.protocol === "https:";
  const port = url.port === "" ? (tls ? 443 : 80) : Number(url.port);
  return { kind: "url", input, url: url.href, host: url.hostname.replace(/^\[|\]$/g, ""), port, tls };
}
