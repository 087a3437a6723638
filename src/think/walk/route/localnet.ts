import { contains, type Ip, prefix } from "../../../facts/ip.ts";
import type { Netns } from "../../../facts/netns.ts";
import { type Phrase, phrase } from "../../../facts/phrase.ts";
import type { Read } from "../reads.ts";
import { askBoth, settingText } from "../sysctl.ts";

const LOOPBACK4 = prefix("127.0.0.0/8");

export type Refusal = { readonly reads: readonly Read[] } & (
  | { readonly is: "refused"; readonly text: string }
  | { readonly is: "unknown"; readonly why: Phrase; readonly because: null }
);

export function isLoopback4(address: Ip): boolean {
  return contains(LOOPBACK4, address);
}

/** IN_DEV_ROUTE_LOCALNET: what keeps addresses of 127/8 from coming in or going out by a link; null: nothing does. */
export function refuseLoopback(netns: Netns, link: string, ask: (read: Read) => void): Refusal | null {
  const allowed = askBoth(netns, 4, link, "route_localnet", ask);
  const reads = [allowed.all.read, allowed.own.read];
  if (allowed.max === null) {
    return { is: "unknown", why: phrase("route-localnet-unread", { netns: netns.id, link }), because: null, reads };
  }
  if (allowed.max > 0) return null;
  return { is: "refused", text: `${settingText(allowed.own)}, ${settingText(allowed.all)}`, reads };
}
