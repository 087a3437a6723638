import { expect, test } from "vitest";
import * as made from "../../../test/explain/objects.ts";
import { ip } from "../../facts/ip.ts";
import { endpointsText, servedAt } from "./served.ts";

test("an address is translated to endpoints of its own family", () => {
  const service = made.service("web", "10.43.0.11", { ports: [made.port(80)] });
  const cluster = made.clusterOf({
    services: [{ ...service, clusterIps: [...service.clusterIps, ip("fd43::11")] }],
    endpoints: [made.endpoint("web", "10.42.0.3"), made.endpoint("web", "fd42::3")],
  });
  const told = (address: string): string => endpointsText(servedAt(cluster, ip(address), 80, "tcp")?.endpoints ?? []);
  expect(told("fd43::11")).toBe("[fd42::3]:8080");
  expect(told("10.43.0.11")).toBe("10.42.0.3:8080");
});
