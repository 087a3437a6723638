#!/usr/bin/env node
import { Command } from "commander";
import { registerDemo } from "./demo.ts";
import { registerDiagnose } from "./diagnose.ts";
import { tellError } from "./error-words.ts";
import { registerLab } from "./lab.ts";
import { registerProbe } from "./probe.ts";
import { registerRepair } from "./repair.ts";
import { registerReport } from "./report.ts";
import { listenToSignals } from "./signals.ts";
import { registerSnapshot } from "./snapshot.ts";
import { registerWalk } from "./walk.ts";
import { fillHelp, speakHelp, usageText } from "./tell-help.ts";
import { VERSION } from "./version.ts";

listenToSignals();
// A fault of ours is no verdict of the cluster.
process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
  // A reader that went away (`| head`).
  if (error.code === "EPIPE") process.exit(3);
  tellError(error);
  process.exit(3);
});

const program = new Command("lasthop")
  .version(VERSION)
  .configureOutput({ outputError: () => {} })
  // Usage errors are "Lasthop could not do its work": 3, not commander's 1, which means "broken, with a cause".
  .exitOverride((error) => {
    if (error.exitCode !== 0 && error.code !== "commander.help") process.stderr.write(`${usageText(error)}\n`);
    process.exit(error.exitCode === 0 ? 0 : 3);
  });

speakHelp(program);
registerDiagnose(program);
registerWalk(program);
registerProbe(program);
registerRepair(program);
registerSnapshot(program);
registerReport(program);
registerLab(program);
registerDemo(program);

fillHelp(program);

await program.parseAsync();
