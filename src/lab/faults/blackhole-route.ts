import { bannedPod } from "./banned-pod.ts";

export const blackholeRoute = bannedPod(
  "blackhole-route",
  "blackhole",
  "a blackhole route for a pod that the node's traffic goes to, as a tool that bans addresses makes it",
);
