import { bannedPod } from "./banned-pod.ts";

export const unreachableRoute = bannedPod(
  "unreachable-route",
  "unreachable",
  "an unreachable route for a pod that the node's traffic goes to, as a tool that bans addresses makes it",
);
