import { createServer, get, type RequestListener } from "node:http";

/** Listens on every address of the pod, and asks itself once: only a server that answered is ready. */
export function listenHttp(port: number, address: string, listener: RequestListener): Promise<object> {
  return new Promise((resolve, reject) => {
    const server = createServer(listener);
    server.once("error", reject);
    server.listen(port, "0.0.0.0", () => {
      get({ host: address, port, path: "/healthz", agent: false }, (response) => {
        response.resume().on("end", () => resolve({ ready: true }));
      }).on("error", reject);
    });
  });
}

/** A line of the pod's log, which `kubectl logs` shows. */
export function log(level: "INFO" | "ERROR", text: string): void {
  process.stdout.write(`${new Date().toISOString()} ${level} ${text}\n`);
}
