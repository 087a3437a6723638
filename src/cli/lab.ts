import { type Command, InvalidArgumentError, Option } from "commander";
import { helpWords } from "./spoken-language.ts";

interface UpFlags {
  nodes?: number;
  web?: number;
  cni: "calico" | "flannel";
  overlay: "vxlan" | "host-gw" | "ipip";
  name: string;
  seed?: number;
}

/** `lasthop lab …`. The lab itself is loaded only when one of these runs. */
export function registerLab(program: Command): void {
  const lab = program.command("lab");
  lab
    .command("up")
    .option("--nodes <count>", "", wholeNumber)
    .option("--web <count>", "", wholeNumber)
    .addOption(new Option("--cni <name>").choices(["calico", "flannel"]).default("flannel"))
    .addOption(new Option("--overlay <kind>").choices(["vxlan", "host-gw", "ipip"]).default("vxlan"))
    .option("--seed <number>", "", wholeNumber)
    .addOption(nameOption())
    .action((flags: UpFlags) => guarded((signal) => up(flags, signal)));
  lab
    .command("down")
    .addOption(nameOption())
    .option("--all", "", false)
    .action((flags: { name: string; all: boolean }) => guarded(() => down(flags)));
  lab
    .command("fault")
    .argument("[id]")
    .option("--node <node>")
    .addOption(nameOption())
    .action((id: string | undefined, flags: { node?: string; name: string }) => guarded(() => fault(id, flags)));
  lab
    .command("heal")
    .addOption(nameOption())
    .action((flags: { name: string }) => guarded(() => heal(flags.name)));
  lab.command("list").action(() => guarded(list));
  lab
    .command("exec")
    .argument("<place>")
    .argument("<command...>")
    .addOption(nameOption())
    .action((place: string, command: string[], flags: { name: string }) =>
      guarded(async () => {
        const { labExec } = await import("../lab/exec.ts");
        const { onSignal } = await import("./signals.ts");
        // Ctrl-C is for the command; its status is ours.
        onSignal((signal) => (signal === "SIGINT" ? undefined : process.exit(130)));
        return labExec(flags.name, place, command);
      }),
    );
}

async function up(flags: UpFlags, signal: AbortSignal): Promise<number> {
  const { language, say } = await speech();
  const { labUp } = await import("../lab/up.ts");
  const { labText } = await import("../lab/lab-text.ts");
  const { LabInterrupted } = await import("../lab/lab-error.ts");
  const { removeAbandonedDemos } = await import("./abandoned-demos.ts");
  const started = Date.now();
  await removeAbandonedDemos();
  try {
    const lab = await labUp({ ...flags, signal, onProgress: (line) => console.log(line[language]) });
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${say.isUp({ lab: lab.name, seconds })}\n\n${labText(lab, language)}`);
    return 0;
  } catch (error) {
    if (error instanceof LabInterrupted) console.error(`lasthop: ${error.told[language]}`);
    throw error;
  }
}

async function down(flags: { name: string; all: boolean }): Promise<number> {
  const { say } = await speech();
  const { labDown, labDownAll } = await import("../lab/down.ts");
  const { requireRoot } = await import("../lab/preflight.ts");
  requireRoot();
  if (flags.all) {
    const names = await labDownAll();
    console.log(names.length > 0 ? say.removed({ labs: names }) : say.noLab);
  } else {
    const isRemoved = await labDown(flags.name);
    console.log(isRemoved ? say.removedOne({ lab: flags.name }) : say.noSuchLab({ lab: flags.name }));
  }
  return 0;
}

async function fault(id: string | undefined, flags: { node?: string; name: string }): Promise<number> {
  const { injectFault, listFaults } = await import("../lab/fault.ts");
  const { language, say } = await speech();
  if (id === undefined) {
    for (const one of listFaults()) console.log(`${one.id.padEnd(26)} ${one.summary[language]}`);
    return 0;
  }
  const active = await injectFault(flags.name, id, flags.node);
  console.log(say.injected({ fault: active.id, node: active.node, lab: flags.name }));
  return 0;
}

async function heal(name: string): Promise<number> {
  const { say } = await speech();
  const { healFaults } = await import("../lab/fault.ts");
  const healed = await healFaults(name);
  for (const { id, node } of healed) console.log(say.healed({ fault: id, node }));
  if (healed.length === 0) console.log(say.noFaults({ lab: name }));
  return 0;
}

async function list(): Promise<number> {
  const { language, say } = await speech();
  const { listLabs } = await import("../lab/list.ts");
  const { labText } = await import("../lab/lab-text.ts");
  const labs = listLabs();
  console.log(labs.length > 0 ? labs.map((lab) => labText(lab, language)).join("\n\n") : say.noLabs);
  return 0;
}

async function speech() {
  const [{ spokenLanguage }, { WORDS }] = await Promise.all([
    import("./spoken-language.ts"),
    import("../tell/i18n/language.ts"),
  ]);
  const language = spokenLanguage();
  return { language, say: WORDS[language].lab };
}

async function guarded(action: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const run = await import("./run.ts");
  await run.guarded(action);
}

function nameOption(): Option {
  return new Option("--name <name>").default("lab");
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(helpWords().wrong.wholeNumber);
  return Number(text);
}
