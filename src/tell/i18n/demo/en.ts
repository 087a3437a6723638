/** What the demo tells between its commands. */
export const demo = {
  building: (p: { cni: string }) =>
    `A cluster of three nodes in network namespaces of this machine, wired as ${p.cni} does it …`,
  built: (p: { nodes: number; pods: number; seconds: string }) =>
    `${p.nodes} nodes, ${p.pods} pods, a Kubernetes API, after ${p.seconds} s. A frontend proxies to a backend on another node:`,
  broken: (p: { node: string }) =>
    `Now node ${p.node} is suspended and resumed: its links go down and come up, every route returns, and one thing does not. Every node is Ready, every pod Running:`,
  proof: "And from outside, as at the beginning:",
  gone: (p: { seconds: string }) => `The lab is gone. ${p.seconds} s in all.`,
  replaying: (p: { why: string | null }) =>
    `${p.why === null ? "" : `No lab can be built here (${p.why}). `}This is the incident as it was recorded: two virtual machines, IPIP over tunl0, after a real sleep. Facts and captures of both ends are replayed, nothing is sent; there curl timed out, it met no gateway.`,
};
