import type { Branch } from "../think/walk/branch.ts";
import { type Agreement, judge } from "../think/ask/agreement.ts";
import { questionsOf } from "../think/ask/question.ts";
import { text } from "../read/transport/reader.ts";
import type { Field } from "./field.ts";

/** Asks the kernels on a branch's way about each routing decision: one round for each netns, no packet sent. */
export async function askKernels(field: Field, branch: Branch): Promise<readonly Agreement[]> {
  const questions = questionsOf(branch);
  const byNetns = new Map<string, (typeof questions)[number][]>();
  for (const question of questions) byNetns.set(question.netns, [...(byNetns.get(question.netns) ?? []), question]);
  const agreements = new Map<(typeof questions)[number], Agreement>();
  await Promise.all(
    [...byNetns].map(async ([id, asked]) => {
      const netns = field.world.netns.get(id);
      if (netns === undefined) return;
      const round = asked.map((q) => ({ name: "ip-route-get", argv: q.argv, netns: netns.path }));
      const outputs = await field.reader.run(netns.node, round, field.limits);
      for (const [i, question] of asked.entries()) {
        const output = outputs[i];
        if (output === undefined || (output.failure !== null && output.status === null)) continue;
        agreements.set(
          question,
          judge(question, { status: output.status, stdout: text(output), stderr: output.stderr }),
        );
      }
    }),
  );
  return questions.flatMap((q) => agreements.get(q) ?? []);
}
