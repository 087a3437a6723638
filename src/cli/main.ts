#!/usr/bin/env node
import { Command } from "commander";
import { registerDemo } from "./demo.ts";
import { registerDiagnose } from "./diagnose.ts";
import { registerLab } from "./lab.ts";
import { registerProbe } from "./probe.ts";
import { registerRepair } from "./repair.ts";
import { registerReport } from "./report.ts";
import { listenToSignals } from "./signals.ts";
import { registerSnapshot } from "./snapshot.ts";
import { registerWalk } from "./walk.ts";
import { VERSION } from "./version.ts";

listenToSignals();
// A fault of ours is no verdict of the cluster.
process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
  // A reader that went away (`| head`).
  if (error.code === "EPIPE") process.exit(3);
  process.stderr.write(
    `lasthop: ${error.message}\n         This is a fault of Lasthop's own: nothing is said of the cluster.\n`,
  );
  process.exit(3);
});

const program = new Command("lasthop")
  .description("Finds the last hop at which a packet was alive in a Kubernetes cluster, proves the cause, repairs it.")
  .version(VERSION)
  .showHelpAfterError("(see lasthop --help)")
  .configureHelp({ sortSubcommands: false })
  // Usage errors are "Lasthop could not do its work": 3, not commander's 1, which means "broken, with a cause".
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 3));

registerDiagnose(program);
registerWalk(program);
registerProbe(program);
registerRepair(program);
registerSnapshot(program);
registerReport(program);
registerLab(program);
registerDemo(program);

program.addHelpText(
  "after",
  `
Exit status: 0 good; 1 broken, cause confirmed or likely; 2 broken or unknown without a cause;
             3 Lasthop could not do its work; 130 interrupted.
Nothing on a node changes without --apply.`,
);

await program.parseAsync();
