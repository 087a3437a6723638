import type { Lab } from "../../src/lab/lab.ts";
import { type Plan, podOf, serviceOf } from "../../src/lab/plan.ts";
import { getFrom, type Symptom } from "./symptoms.ts";

/** What a person may type when the backend cannot be reached: its Service, its pod, an address, from several places. */
export function symptomForms(lab: Lab, plan: Plan): readonly (Symptom & { readonly title: string })[] {
  const backend = podOf(plan, "backend");
  const gateway = podOf(plan, "frontend");
  const clusterIp = serviceOf(plan, "backend").clusterIp;
  const from = (netns: string, url: string) => () => Promise.all(Array.from({ length: 4 }, () => getFrom(netns, url)));
  const podUrl = `http://${backend.address}:8080/`;
  const many = new URL(lab.webUrl).host;
  return [
    { title: "svc/", input: "svc/backend", try: from(gateway.netns, `http://${clusterIp}/`) },
    { title: "pod/", input: `pod/${backend.name}`, try: from(gateway.netns, podUrl) },
    {
      title: "address from a pod",
      input: `${backend.address}:8080`,
      flags: ["--from", `pod/${gateway.name}`],
      try: from(gateway.netns, podUrl),
    },
    {
      title: "address from outside",
      input: many,
      try: () => Promise.all(Array.from({ length: 24 }, () => getFrom(lab.clientNetns, lab.webUrl))),
    },
  ];
}
