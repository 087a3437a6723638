import { type Ip, sameIp } from "../ip.ts";
import type { Socket, Table } from "../netns.ts";
import { groupBy, indexedBy } from "./table-index.ts";

const byPort = indexedBy((table: Table<Socket>) => groupBy(table, (s) => `${s.protocol} ${s.localPort}`));

/** The socket that takes a first packet to this address and port (__inet_lookup_listener, udp4_lib_lookup2). */
export function socketFor(
  table: Table<Socket>,
  protocol: "tcp" | "udp",
  address: Ip,
  port: number,
  iif: string,
): Socket | null {
  const takes = (byPort(table).get(`${protocol} ${port}`) ?? []).filter(
    (s) =>
      s.state === (protocol === "tcp" ? "LISTEN" : "UNCONN") &&
      s.families.includes(address.family) &&
      (s.local === null || sameIp(s.local, address)) &&
      (s.dev === null || s.dev === iif),
  );
  return takes.find((s) => s.local !== null) ?? takes[0] ?? null;
}
