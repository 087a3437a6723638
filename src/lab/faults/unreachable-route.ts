import { bannedPod } from "./banned-pod.ts";

export const unreachableRoute = bannedPod("unreachable-route", "unreachable", {
  en: "an unreachable route for a pod that the node's traffic goes to, as a tool that bans addresses makes it",
  zh: "一条 unreachable 路由，指向流量去往的 Pod，就像封禁地址的工具所加的那样",
});
