import { findNode, type Plan, podOf, serviceOf } from "../../src/lab/plan.ts";
import { getFrom, type Symptom } from "./symptoms.ts";

const PATH = "/bytes/6000";

/** The lab's URLs with an answer that needs several full packets: a short one fits where others do not. */
export function largeAnswers(plan: Plan): readonly Symptom[] {
  const entry = findNode(plan, podOf(plan, "frontend").node);
  return [6, 24].flatMap((tries, i) => {
    const port = serviceOf(plan, ["frontend", "web"][i] as string).ports[0]?.nodePort;
    const input = `http://${entry.address}:${port}${PATH}`;
    return [{ input, try: () => Promise.all(Array.from({ length: tries }, () => getFrom(plan.clientNetns, input))) }];
  });
}
