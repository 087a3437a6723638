import { shWord } from "../../facts/sh-word.ts";
import { gatedCommands, hostCommands, podCommands } from "../collect/commands.ts";
import { parseSurvey } from "../collect/survey.ts";
import { SURVEY_SCRIPT } from "../collect/survey-script.ts";
import type { Kind } from "../kube/cluster-from-objects.ts";
import type { Command } from "../transport/reader.ts";
import { BUNDLE_LIMITS, fileOf } from "./layout.ts";
import { schemaName } from "./manifest.ts";
import { OBJECT_TEMPLATES } from "./object-templates.ts";
import { SECRET_SYSCTL_NAMES } from "./redact.ts";
import { SNAPSHOT_FUNCTIONS } from "./snapshot-functions.ts";
import { SNAPSHOT_KUBERNETES } from "./snapshot-kubernetes.ts";

const PLACE = "pod";
/** A node that has it all: what of it a node really has is decided there, by the same rules. */
const EVERYTHING = parseSurvey(
  [
    "tool iptables-save",
    "tool ip6tables-save",
    "tool iptables-legacy-save",
    "tool ip6tables-legacy-save",
    "tool conntrack",
    "iptables-save v1.8 (nf_tables)",
    ...[4, 6].flatMap((family) => ["self", PLACE].map((inode) => `tables${family} ${inode} filter`)),
  ].join("\n"),
);

/**
 * A POSIX sh program that records the node it runs on: `sh snapshot.sh [FILE [NODE]]`. It asks what `lasthop snapshot` asks, with the tools
 * that are there, each under a deadline, writes nothing but FILE, and loads no module.
 */
export function snapshotScript(version: string): string {
  const host = [...hostCommands(false), ...gatedCommands(EVERYTHING, "self", null, "").commands];
  const pod = [...podCommands(PLACE, "", false), ...gatedCommands(EVERYTHING, PLACE, PLACE, "").commands];
  return `#!/bin/sh
# Records one node for Lasthop ${version}: sh THIS [FILE [NODE]]. It only reads, as root, and writes FILE.
# FILE is a bundle: lasthop diagnose SYMPTOM --bundle FILE, with --bundle again for each further node's.
version=${shWord(version)}
schema=${shWord(schemaName())}
most_blocks=${BUNDLE_LIMITS.fileBytes / 512}
secrets=${shWord(SECRET_SYSCTL_NAMES.join("|"))}
survey=${shWord(SURVEY_SCRIPT)}
${SNAPSHOT_FUNCTIONS}${SNAPSHOT_KUBERNETES}
host_commands() {
${host.map(toLine).join("\n")}
}
pod_commands() {
${pod.map(toLine).join("\n")}
}
objects() {
${(Object.entries(OBJECT_TEMPLATES) as [Kind, string][]).map(([kind, template]) => `  object ${kind} ${shWord(template)}`).join("\n")}
}
main "$@"
`;
}

function toLine(command: Command): string {
  return `  reading ${[fileOf(command), ...command.argv].map(shWord).join(" ")}`;
}
