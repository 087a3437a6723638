import { Dice } from "./dice.ts";
import { breakSomething } from "./faults.ts";
import { Topology } from "./topology.ts";

/**
 * Two hosts with two routers between them, each joined to both: request and reply may take different ways. Networks
 * 10.1-4.0.0/24 on the wires, 10.9.x.0/24 on bridges of the hosts.
 *
 *        r1
 *      /    \
 *    a        b
 *      \    /
 *        r2
 */
export function diamond(seed: number): Topology {
  const dice = new Dice(seed);
  const t = new Topology();
  const [a, b] = [t.node("a"), t.node("b")];
  const routers = [t.node("r1"), t.node("r2")];
  for (const [i, r] of routers.entries()) {
    const k = i + 1;
    t.wire(a, `to-${r}`, r, "to-a");
    t.wire(b, `to-${r}`, r, "to-b");
    t.do(a, `addr add 10.${k}.0.1/24 dev to-${r}`);
    t.do(r, `addr add 10.${k}.0.2/24 dev to-a`, `addr add 10.${k + 2}.0.2/24 dev to-b`);
    t.do(b, `addr add 10.${k + 2}.0.1/24 dev to-${r}`);
    t.set(r, "net.ipv4.ip_forward", 1);
    t.do(r, `route add 10.9.1.0/24 via 10.${k}.0.1`, `route add 10.9.2.0/24 via 10.${k + 2}.0.1`);
  }
  for (const [host, address] of [
    [a, "10.9.1.1"],
    [b, "10.9.2.1"],
  ] as const) {
    t.do(host, "link add own type bridge", "link set own up", `addr add ${address}/24 dev own`);
  }
  const [there, back] = [dice.pick([1, 2]), dice.pick([1, 2])];
  t.do(a, `route add 10.9.2.0/24 via 10.${there}.0.2${dice.chance(0.3) ? " src 10.9.1.1" : ""}`);
  t.do(a, `route add 10.${there + 2}.0.0/24 via 10.${there}.0.2`);
  t.do(b, `route add 10.9.1.0/24 via 10.${back + 2}.0.2`);
  t.do(b, `route add 10.${back}.0.0/24 via 10.${back + 2}.0.2`);
  const other = 3 - back;
  if (dice.chance(0.8)) t.do(b, `route add 10.${other}.0.0/24 via 10.${back + 2}.0.2`);
  if (dice.chance(0.5)) t.do(b, `route add default via 10.${dice.pick([3, 4])}.0.2`);
  t.from = a;
  t.to = b;
  t.address = dice.pick(["10.9.2.1", "10.9.2.1", `10.${there + 2}.0.1`, "10.9.2.77"]);
  const count = dice.pick([0, 1, 1, 2, 2, 3]);
  for (let i = 0; i < count; i += 1) breakSomething(t, dice);
  return t;
}
