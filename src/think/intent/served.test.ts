import { expect, test } from "vitest";
import * as made from "../../../test/explain/objects.ts";
import { ip } from "../../facts/ip.ts";
import { servedAt } from "./served.ts";

test("an address is translated to endpoints of its own family", () => {
  const service = made.service("web", "10.43.0.11", { ports: [made.port(80)] });
  const cluster = made.clusterOf({
    services: [{ ...service, clusterIps: [...service.clusterIps, ip("fd43::11")] }],
    endpoints: [made.endpoint("web", "10.42.0.3"), made.endpoint("web", "fd42::3")],
  });
  expect(servedAt(cluster, ip("fd43::11"), 80, "tcp")?.endpoints).toEqual(["fd42::3:8080"]);
  expect(servedAt(cluster, ip("10.43.0.11"), 80, "tcp")?.endpoints).toEqual(["10.42.0.3:8080"]);
});
