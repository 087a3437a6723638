import { expect, test } from "vitest";
import { parseQueueDrops } from "./queue-drops.ts";

test("what queues and filters dropped, by link and kind", () => {
  const text = `qdisc noqueue 0: dev lo root refcnt 2 
 Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0) 
 backlog 0b 0p requeues 0
qdisc mq 0: dev ens192 root 
 Sent 6460153 bytes 59831 pkt (dropped 5, overlimits 0 requeues 2) 
 backlog 0b 0p requeues 2
qdisc fq_codel 0: dev ens192 parent :2 limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn 
 Sent 100 bytes 1 pkt (dropped 2, overlimits 0 requeues 0) 
 backlog 0b 0p requeues 0
  maxpacket 0 drop_overlimit 0 new_flow_count 0 ecn_mark 0
  new_flows_len 0 old_flows_len 0
qdisc fq_codel 0: dev ens192 parent :1 limit 10240p flows 1024
 Sent 100 bytes 1 pkt (dropped 3, overlimits 0 requeues 0) 
qdisc clsact ffff: dev cni0 parent ffff:fff1 
 Sent 840 bytes 10 pkt (dropped 9, overlimits 0 requeues 0) 
 backlog 0b 0p requeues 0
`;
  expect(Object.fromEntries(parseQueueDrops(text))).toEqual({
    "lo noqueue_dropped": 0n,
    "ens192 mq_dropped": 5n,
    "ens192 fq_codel_dropped": 5n,
    "cni0 clsact_dropped": 9n,
  });
});

test("other text is no counter", () => {
  for (const text of ["", "tc: not found", " Sent 1 bytes 1 pkt (dropped 9,", "qdisc x 0: dev a\u0007b c\n Sent x"]) {
    expect(parseQueueDrops(text).size).toBe(0);
  }
});
