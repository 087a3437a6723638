import type { Repair, Verdict } from "../../../verdict/verdict.ts";
import { isMeant } from "../../../think/causes/catalogue.ts";
import type { IncidentWords } from "../../i18n/incident/en.ts";
import { printable } from "../finding-text.ts";
import { commandText } from "../repair-text.ts";
import type { Block, Section } from "./report.ts";
import { prose, words } from "./text.ts";

/** The commands that mend it. */
export function repairSection({ repairs, cause, offline }: Verdict, say: IncidentWords): Section {
  const blocks = repairs.flatMap((repair) => oneRepair(repair, say));
  if (blocks.length === 0) {
    const isPolicy = cause !== null && isMeant(cause.id);
    blocks.push({ kind: "paragraph", text: words(isPolicy ? say.meant : say.noRepair) });
  } else if (!offline && cause !== null) {
    blocks.push(
      { kind: "paragraph", text: words(say.repairSafely) },
      { kind: "commands", lines: ["lasthop repair --apply"] },
    );
  }
  return { id: "repair", title: say.sections.repair, blocks };
}

function oneRepair({ node, params, commands, proven }: Repair, say: IncidentWords): Block[] {
  const { netns } = params;
  const place = node === null ? null : netns === undefined || netns === "host" ? node : `${node} ${netns}`;
  const title = place === null ? say.repairApi({ proven }) : say.repairOn({ place, proven });
  return [
    { kind: "paragraph", text: prose(title) },
    commands.length === 0
      ? { kind: "paragraph", text: words(say.byHand) }
      : { kind: "commands", lines: commands.map(typed) },
  ];
}

/** How somebody else sees that it is over: the symptom, the kernel's own answer, the deciding fact. */
export function verifySection(verdict: Verdict, say: IncidentWords): Section {
  const { symptom, cause, evidence, voices } = verdict;
  const blocks: Block[] = [
    { kind: "paragraph", text: words(say.verifySymptom) },
    { kind: "commands", lines: [typed(["lasthop", "diagnose", symptom.input, ...flagsOf(symptom)])] },
  ];
  const asked = evidence.find(
    (e) =>
      e.voice === "ask" &&
      e.node !== null &&
      e.node === cause?.node &&
      voices.ask?.includes(e.source) &&
      voices.ask.includes(e.excerpt),
  );
  if (asked !== undefined) {
    blocks.push({
      kind: "paragraph",
      text: prose(say.verifyKernel({ node: asked.node ?? "", answer: asked.excerpt })),
    });
    blocks.push({ kind: "commands", lines: [printable(asked.source)] });
  }
  if (cause?.node != null && cause.netns === "host" && cause.wanted !== null && cause.object.startsWith("net.")) {
    blocks.push({ kind: "paragraph", text: prose(say.verifyFact({ node: cause.node, wanted: cause.wanted })) });
    blocks.push({ kind: "commands", lines: [typed(["sysctl", cause.object])] });
  }
  return { id: "verify", title: say.sections.verify, blocks };
}

/** What makes it the same experiment again. */
function flagsOf({ namespace, place }: Verdict["symptom"]): readonly string[] {
  return [...(namespace === "default" ? [] : ["--namespace", namespace]), ...(place === null ? [] : ["--from", place])];
}

function typed(argv: readonly string[]): string {
  return printable(commandText(argv));
}
