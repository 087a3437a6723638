import { execFile } from "node:child_process";

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export function command(...argv: string[]): Promise<Ended> {
  const [program, ...args] = argv as [string, ...string[]];
  return new Promise((resolve) => {
    execFile(program, args, { encoding: "utf8", maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, stdout, stderr });
    });
  });
}

/** A GET from the client outside the cluster: the status, "000" where there was no answer. */
export async function statusFrom(clientNetns: string, url: string): Promise<string> {
  const format = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "2"];
  return (await command("ip", "netns", "exec", clientNetns, "curl", ...format, url)).stdout;
}
