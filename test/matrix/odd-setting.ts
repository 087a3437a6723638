import type { Symptom } from "./symptoms.ts";
import { on, type Scene, type Step, type UnlistedFault } from "./unlisted-fault.ts";

/** Namespaces, by their names under /run/netns. */
export type Where = (scene: Scene) => readonly string[];

/**
 * A setting that a list of rules would call wrong, and its on-path twin: the same commands with another word in them.
 * Beside the path nothing dies of it; on the path it is the cause.
 */
export interface OddSetting {
  readonly id: string;
  readonly cni: "flannel" | "calico";
  /** Command lines, as runSteps takes them. */
  readonly set: (word: string, scene: Scene) => readonly string[];
  readonly unset: (word: string, scene: Scene) => readonly string[];
  readonly beside: { readonly where: Where; readonly word: Word };
  readonly onPath: {
    readonly where: Where;
    readonly word: Word;
    /** What makes it matter there, and is no fault by itself; taken back last. */
    readonly given?: {
      readonly set: (scene: Scene) => readonly Step[];
      readonly unset: (scene: Scene) => readonly Step[];
    };
    /** Tried before the lab's own. */
    readonly symptoms?: (scene: Scene) => readonly Symptom[];
    /** One of these is to be named. Empty: what drops is not read, and nothing may be named. */
    readonly truths: UnlistedFault["truths"];
  };
}

type Word = string | ((scene: Scene) => string);

export const everyNode: Where = ({ plan }) => plan.nodes.map((node) => node.netns);
export const near: Where = (scene) => [scene.near.netns];
export const far: Where = (scene) => [scene.far.netns];
export const backendPod: Where = ({ backend }) => [backend.netns];

export function setBeside({ set, beside }: OddSetting, scene: Scene): readonly Step[] {
  return beside.where(scene).map((netns) => on(netns, ...set(wordOf(beside.word, scene), scene)));
}

export function setOnPath({ set, onPath }: OddSetting, scene: Scene): readonly Step[] {
  const word = wordOf(onPath.word, scene);
  return [...(onPath.given?.set(scene) ?? []), ...onPath.where(scene).map((netns) => on(netns, ...set(word, scene)))];
}

export function unsetOnPath({ unset, onPath }: OddSetting, scene: Scene): readonly Step[] {
  const word = wordOf(onPath.word, scene);
  return [
    ...onPath.where(scene).map((netns) => on(netns, ...unset(word, scene))),
    ...(onPath.given?.unset(scene) ?? []),
  ];
}

/** Links that nobody uses, on every node, for settings that are about a link: a veth pair, a tunnel, a bridge. */
export function idleLinks(scene: Scene): readonly Step[] {
  return everyNode(scene).map((netns) =>
    on(
      netns,
      "ip link add idle0 type veth peer name idle1",
      "ip address add 172.31.7.1/24 dev idle0",
      "ip link set idle0 up",
      "ip link set idle1 up",
      "ip link add spare.7 type vxlan id 77 dstport 4790 dev eth0 nolearning",
      "ip link set spare.7 up",
      "ip link add cni9 type bridge",
      "ip address add 10.99.9.1/24 dev cni9",
      "ip link set cni9 up",
    ),
  );
}

function wordOf(word: Word, scene: Scene): string {
  return typeof word === "string" ? word : word(scene);
}
