import { TABLE_MAIN } from "../../../facts/lookup/routes.ts";
import type { Link, Route } from "../../../facts/netns.ts";

/** What fib_add_ifaddr makes again when a link comes up; routes through gateways stay lost. */
export function connectedRoutes(link: Link): readonly Route[] {
  return link.addresses.flatMap((address): readonly Route[] => {
    const { prefix } = address;
    if (prefix.length >= (prefix.family === 4 ? 32 : 128)) return [];
    const metric = prefix.family === 4 ? 0 : 256;
    return [
      {
        type: "unicast",
        dst: prefix,
        table: TABLE_MAIN,
        metric,
        tos: 0,
        scope: prefix.family === 4 ? "link" : "global",
        protocol: "kernel",
        src: prefix.family === 4 ? address.ip : null,
        nexthops: [{ via: null, dev: link.name, weight: 1, flags: [], encap: null }],
        mtu: null,
        because: address.because,
      },
    ];
  });
}
