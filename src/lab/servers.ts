import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LabError } from "./lab-error.ts";
import { inNetns } from "./netns.ts";
import { podLogPath } from "./paths.ts";
import { type Plan, type PlannedPod, serviceOf } from "./plan.ts";
import { MARKER } from "./processes.ts";
import type { ServerConfig } from "./server/server-config.ts";

const READY_WITHIN_MS = 20_000;

export interface Started {
  pid: number;
  /** What the server said when it was ready. */
  said: Record<string, unknown>;
}

/** `lab-server.js` lies beside the entry of the bundle; this code may be in one of the chunks below it. */
export function findServerBundle(): string {
  for (const relative of ["./lab-server.js", "../lab-server.js"]) {
    const path = fileURLToPath(new URL(relative, import.meta.url));
    if (existsSync(path)) return path;
  }
  throw new LabError(
    { en: "The lab's server program, lab-server.js, is missing.", zh: "缺少实验环境的服务程序 lab-server.js。" },
    { en: "Build it: npm run build", zh: "请先构建：npm run build" },
  );
}

export function startPod(plan: Plan, pod: PlannedPod, bundle: string): Promise<Started> {
  return startServer(plan, podConfig(plan, pod), podLogPath(plan.lab, pod), bundle, pod.netns);
}

/** Starts one server, detached: it outlives the command that built the lab. */
export async function startServer(
  plan: Plan,
  config: ServerConfig,
  logPath: string,
  bundle: string,
  netns: string | null,
): Promise<Started> {
  const node = [process.execPath, "--max-old-space-size=64", "--max-semi-space-size=1", bundle, JSON.stringify(config)];
  const [program, ...args] = netns === null ? node : inNetns(netns, node);
  const log = openSync(logPath, "a", 0o600);
  try {
    const child = spawn(program as string, args, {
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
      env: { PATH: process.env.PATH, [MARKER]: plan.marker },
    });
    const said = await readiness(child, config.serve, logPath);
    child.unref();
    return { pid: child.pid as number, said };
  } finally {
    closeSync(log);
  }
}

function readiness(child: ChildProcess, what: string, logPath: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(
        new LabError(
          {
            en: `The lab's ${what} server did not start: ${why}.`,
            zh: `实验环境的 ${what} 服务没有启动起来：${why}。`,
          },
          { en: `Its log: ${logPath}`, zh: `它的日志：${logPath}` },
        ),
      );
    };
    const timer = setTimeout(() => fail(`no answer within ${READY_WITHIN_MS / 1000} s`), READY_WITHIN_MS);
    child.once("message", (message) => {
      clearTimeout(timer);
      resolve(message as Record<string, unknown>);
    });
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code, signal) => fail(`it ended with ${signal ?? `exit ${code}`}`));
  });
}

function podConfig(plan: Plan, pod: PlannedPod): ServerConfig {
  const identity = { pod: pod.name, node: pod.node, address: pod.address };
  if (pod.serves === "dns") {
    const names = plan.services.map((service) => [
      `${service.name}.${service.namespace}.svc.cluster.local`,
      service.clusterIp,
    ]);
    return { serve: "dns", ...identity, records: Object.fromEntries(names) };
  }
  if (pod.serves === "web") return { serve: "web", ...identity, port: 8080 };
  const backend = serviceOf(plan, "backend");
  const [port] = backend.ports;
  return {
    serve: "gateway",
    ...identity,
    port: 8080,
    upstream: { name: `${backend.name}.${backend.namespace}.svc`, address: backend.clusterIp, port: port?.port ?? 80 },
    connectTimeoutMs: 1000,
    readTimeoutMs: 5000,
  };
}
