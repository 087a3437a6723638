import { LabError } from "../lab-error.ts";
import { tryRun } from "../run.ts";

let found: Promise<string> | undefined;

/** "iptables-nft" where the name says so, else "iptables", whichever backend that has. */
export function iptables(): Promise<string> {
  found ??= look();
  return found;
}

export async function iptablesRestore(): Promise<string[]> {
  return [`${await iptables()}-restore`];
}

async function look(): Promise<string> {
  for (const name of ["iptables-nft", "iptables"]) {
    const ran = await tryRun([`${name}-restore`, "--version"]).catch(() => null);
    if (ran?.code === 0) return name;
  }
  throw new LabError(
    {
      en: "There is no iptables-nft-restore and no iptables-restore.",
      zh: "既没有 iptables-nft-restore，也没有 iptables-restore。",
    },
    { en: "Install iptables, 1.8 or later.", zh: "请安装 iptables 1.8 或更高版本。" },
  );
}
