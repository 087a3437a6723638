import { netnsInode, runIn } from "../netns.ts";
import { commandName, labProcesses } from "../processes.ts";
import type { PlannedPod } from "../plan.ts";
import { defineFault } from "./fault-type.ts";
import { backendNode, servesUrls, servingPod } from "./serving-nodes.ts";

/**
 * Connects until one more than its backlog has room for wait to be accepted (sk_acceptq_is_full). What a client closes stays
 * in the queue. $1 address, $2 port.
 */
const FILL = `set -- "$1" "$2" $(ss -Htln "sport = :$2" | awk '{ print $3 - $2 + 1 }')
i=0
while [ "$i" -lt "$3" ]; do
  i=$((i + 1))
  exec 3<>"/dev/tcp/$1/$2" || exit 1
  exec 3>&-
done`;

/** A deadlock, or a disk that hangs: the kernel goes on accepting for the server, until its queue is full. */
export const listenBacklogFull = defineFault({
  id: "listen-backlog-full",
  summary: {
    en: "the serving pod's server hangs, and its accept queue is full",
    zh: "提供服务的 Pod 里，服务进程卡死，accept 队列已满",
  },
  needsNode: true,
  defaultNode: backendNode,
  appliesTo: servesUrls,
  before: async () => null,
  inject: async (lab, node) => {
    const pod = servingPod(lab.plan, node);
    for (const pid of serverOf(pod)) process.kill(pid, "SIGSTOP");
    await runIn(pod.netns, ["timeout", "20", "bash", "-c", FILL, "fill", pod.address, "8080"]);
  },
  heal: async (lab, node) => {
    for (const pid of serverOf(servingPod(lab.plan, node))) process.kill(pid, "SIGCONT");
  },
});

/** The server's own process: others may be inside of the pod's namespace for a moment. */
function serverOf(pod: PlannedPod): number[] {
  const inode = netnsInode(pod.netns);
  if (inode === null) return [];
  // A server's title is its name for the kernel as well.
  const isServer = (pid: number) => commandName(pid)?.startsWith("lasthop-lab-") === true;
  return labProcesses(new Set([inode]), null).flatMap(({ pid }) => (isServer(pid) ? [pid] : []));
}
