import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { clusterObjects } from "../../objects/cluster-objects.ts";
import { log } from "../http-listen.ts";
import type { ApiConfig } from "../server-config.ts";
import { reconcileEndpoints } from "./endpoints.ts";
import { ApiFailure, sendFailure } from "./failure.ts";
import { handleRequest } from "./handle.ts";
import { Policer } from "./policer.ts";
import { Proxier } from "./proxier.ts";
import { Store } from "./store.ts";

/** A Kubernetes API on loopback: the lab's objects, its endpoints controller, and kube-proxy for every node. */
export async function serveApi(config: ApiConfig): Promise<object> {
  const store = new Store();
  for (const object of clusterObjects(config.plan)) store.put(object);
  reconcileEndpoints(store);
  const proxier = new Proxier(config.plan, store);
  const policer = new Policer(config.plan, store);
  await proxier.sync();
  const settle = async (): Promise<void> => {
    reconcileEndpoints(store);
    await Promise.all([proxier.sync(), policer.sync()]);
  };
  const server = createServer({ cert: config.certificate, key: config.key }, (request, response) => {
    answer(config, request, response, { plan: config.plan, store, settle }).catch((error: unknown) => {
      log("ERROR", `${request.method} ${request.url}: ${error instanceof Error ? error.message : String(error)}`);
      sendFailure(response, error);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return { port: (server.address() as AddressInfo).port };
}

async function answer(
  config: ApiConfig,
  request: IncomingMessage,
  response: ServerResponse,
  cluster: Parameters<typeof handleRequest>[2],
): Promise<void> {
  // Whoever may patch a Service here has rules written by root: not for every user of the machine.
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${config.token}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new ApiFailure(401, "Unauthorized", "Unauthorized");
  }
  await handleRequest(request, response, cluster);
}
