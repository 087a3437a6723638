import { program } from "commander";
import { registerLab } from "../../src/cli/lab.ts";

registerLab(program);
await program.parseAsync();
