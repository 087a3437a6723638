import { z } from "zod";
import { phrase } from "../../../facts/phrase.ts";
import { defineKind, type PatchOperation, ReadFailure, said, type UndoView } from "../kind.ts";
import { kubernetesName } from "../params.ts";

/** The repairs of the API. A patch tests the value that was read before it replaces it, so none is overwritten unseen. */

const names = { namespace: kubernetesName, name: kubernetesName };

const selector = z.record(z.string().max(317), z.string().max(63));

const image = z.object({
  /** JSON Pointer of the field. */
  path: z.string(),
  /** Null: absent. */
  value: z.unknown(),
  /** Of the whole object; absent in older entries of a journal. */
  resourceVersion: z.string().optional(),
});
type Image = z.infer<typeof image>;

function serviceOf(p: { namespace: string; name: string }) {
  return { kind: "Service", namespace: p.namespace, name: p.name } as const;
}

/** Of equal content, whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

function same(a: unknown, b: unknown): boolean {
  return canonical(a ?? null) === canonical(b ?? null);
}

function change({ path, value: from, resourceVersion }: Image, to: unknown): PatchOperation[] {
  if (from === null || from === undefined) {
    const add: PatchOperation = { op: "add", path, value: to };
    // A test of what is absent fails (RFC 6902, 4.6): the version of the object stands for it.
    const version = { op: "test", path: "/metadata/resourceVersion", value: resourceVersion } as const;
    return resourceVersion === undefined ? [add] : [version, add];
  }
  const test: PatchOperation = { op: "test", path, value: from };
  return to === null || to === undefined ? [test, { op: "remove", path }] : [test, { op: "replace", path, value: to }];
}

const service = z.object({
  metadata: z.object({ resourceVersion: z.string().optional() }).optional(),
  spec: z.record(z.string(), z.unknown()),
});

function serviceIn(text: string) {
  const parsed = service.safeParse(JSON.parse(text));
  if (!parsed.success) throw new ReadFailure(phrase("no-spec"));
  const { metadata, spec } = parsed.data;
  return { spec, resourceVersion: metadata?.resourceVersion };
}

function judgeOf(wanted: unknown, present: Image, found: string | null | undefined) {
  if (same(present.value, wanted)) return "as-wanted" as const;
  if (found === null || found === undefined || foundIs(found, present.value)) return "as-found" as const;
  return { other: canonical(present.value ?? null) };
}

/** A verdict writes a selector as JSON or as kubectl does: `app=web,tier=front`. */
function foundIs(found: string, value: unknown): boolean {
  if (found === canonical(value) || found === String(value)) return true;
  try {
    if (same(JSON.parse(found), value)) return true;
  } catch {
    // Then it is the other form.
  }
  if (value === null || typeof value !== "object") return false;
  const pairs = Object.entries(value).map(([key, text]) => `${key}=${text}`);
  return same(pairs.sort(), found.split(",").sort());
}

const shared = {
  on: "api",
  image,
  disturbed: (_: unknown, { before, after, first }: UndoView<Image>) =>
    same(first.value, after.value) || same(first.value, before.value) ? [] : [canonical(first.value ?? null)],
  remaining: (_: unknown, { before, present }: UndoView<Image>) =>
    same(before.value, present.value) ? [] : [canonical(present.value ?? null)],
} as const;

const selectorParams = z.object({
  ...names,
  selector: z.string().transform((text, ctx) => {
    try {
      return selector.parse(JSON.parse(text));
    } catch {
      ctx.addIssue("not a selector");
      return z.NEVER;
    }
  }),
});
type SelectorParams = z.infer<typeof selectorParams>;

function kubectlPatch(p: { namespace: string; name: string }, patch: readonly PatchOperation[]): string[] {
  return ["kubectl", "-n", p.namespace, "patch", "service", p.name, "--type=json", "-p", JSON.stringify(patch)];
}

export const patchServiceSelector = defineKind<SelectorParams, Image>({
  ...shared,
  id: "patch-service-selector",
  params: selectorParams,
  fromEdit: () => null,
  commands: (p) => [kubectlPatch(p, [{ op: "replace", path: "/spec/selector", value: p.selector }])],
  looks: (p) => [{ object: serviceOf(p) }],
  see(_, answers) {
    const { spec, resourceVersion } = serviceIn(said(answers));
    return { path: "/spec/selector", value: spec.selector ?? null, resourceVersion };
  },
  object: (p) => `Service ${p.namespace}/${p.name} .spec.selector`,
  judge: (p, present, found) => judgeOf(p.selector, present, found),
  acts: (p, present) => [{ object: serviceOf(p), patch: change(present, p.selector) }],
  undo: (p, { before, present }) =>
    same(before.value, present.value) ? [] : [{ object: serviceOf(p), patch: change(present, before.value) }],
});

const targetPortParams = z.object({
  ...names,
  /** The Service's port, by number or name. */
  port: z.string().regex(/^[a-z0-9-]{1,63}$/),
  targetPort: z.string().regex(/^[a-z0-9-]{1,15}$/),
});
type TargetPortParams = z.infer<typeof targetPortParams>;

function targetPortOf(p: TargetPortParams): string | number {
  return /^\d+$/.test(p.targetPort) ? Number(p.targetPort) : p.targetPort;
}

export const patchServiceTargetPort = defineKind<TargetPortParams, Image>({
  ...shared,
  id: "patch-service-target-port",
  params: targetPortParams,
  fromEdit: () => null,
  commands: (p) => [kubectlPatch(p, [{ op: "replace", path: "/spec/ports/INDEX/targetPort", value: targetPortOf(p) }])],
  looks: (p) => [{ object: serviceOf(p) }],
  see(p, answers) {
    const { spec, resourceVersion } = serviceIn(said(answers));
    const ports = z
      .array(
        z.looseObject({
          port: z.number(),
          name: z.string().optional(),
          targetPort: z.union([z.number(), z.string()]).optional(),
        }),
      )
      .safeParse(spec.ports);
    const list = ports.success ? ports.data : [];
    const index = list.findIndex((one) => String(one.port) === p.port || one.name === p.port);
    if (index < 0) throw new ReadFailure(phrase("no-port", { port: p.port }));
    return { path: `/spec/ports/${index}/targetPort`, value: list[index]?.targetPort ?? null, resourceVersion };
  },
  object: (p) => `Service ${p.namespace}/${p.name} .spec.ports[${p.port}].targetPort`,
  judge: (p, present, found) => judgeOf(targetPortOf(p), present, found),
  acts: (p, present) => [{ object: serviceOf(p), patch: change(present, targetPortOf(p)) }],
  undo: (p, { before, present }) =>
    same(before.value, present.value) ? [] : [{ object: serviceOf(p), patch: change(present, before.value) }],
});
