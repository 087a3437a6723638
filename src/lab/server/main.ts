import { serveApi } from "./api/serve.ts";
import { serveDns } from "./dns.ts";
import { serveGateway } from "./gateway.ts";
import { serveResolver } from "./resolver.ts";
import type { ServerConfig } from "./server-config.ts";
import { serveWeb } from "./web.ts";

// One process a pod, and one for the API: `node lab-server.js CONFIG`, CONFIG being a ServerConfig as JSON. Tells its
// parent over IPC when it answers, and is then on its own.
const config = JSON.parse(process.argv[2] ?? "{}") as ServerConfig;
process.title = `lasthop-lab-${config.serve}`;

const ready = await start(config);
process.send?.(ready, () => process.disconnect?.());

function start(config: ServerConfig): Promise<object> {
  switch (config.serve) {
    case "web":
      return serveWeb(config);
    case "gateway":
      return serveGateway(config);
    case "dns":
      return serveDns(config);
    case "resolver":
      return serveResolver(config);
    case "api":
      return serveApi(config);
  }
}
