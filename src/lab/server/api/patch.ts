type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The patch types that `kubectl patch`, `edit` and `annotate` send. */
export function applyPatch<T>(target: T, patch: unknown, contentType: string): T {
  const copy = structuredClone(target) as Json;
  if (contentType.startsWith("application/json-patch+json")) return jsonPatch(copy, patch as Operation[]) as T;
  const strategic = contentType.startsWith("application/strategic-merge-patch+json");
  return merge(copy, patch as Json, "", strategic) as T;
}

/** Lists that a strategic merge joins by a key instead of replacing (k8s.io/api, patchMergeKey). */
const MERGE_KEYS: Readonly<Record<string, string>> = { ports: "port", conditions: "type", containers: "name" };

/** RFC 7386; with the directives of strategic merge patches where `strategic`. */
function merge(target: Json, patch: Json, field: string, strategic: boolean): Json {
  if (Array.isArray(patch)) {
    const key = MERGE_KEYS[field];
    return strategic && key !== undefined && Array.isArray(target) ? mergeList(target, patch, key) : patch;
  }
  if (!isMap(patch)) return patch;
  if (strategic && patch.$patch === "replace") return without(patch, "$patch");
  const result: { [key: string]: Json } = isMap(target) ? { ...target } : {};
  const retained = strategic ? patch.$retainKeys : undefined;
  if (Array.isArray(retained)) {
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  }
  for (const [key, value] of Object.entries(patch)) {
    if (strategic && key.startsWith("$")) continue;
    if (value === null) delete result[key];
    else result[key] = merge(result[key] ?? null, value, key, strategic);
  }
  return result;
}

function mergeList(target: Json[], patch: Json[], key: string): Json[] {
  if (patch.some((item) => isMap(item) && item.$patch === "replace" && Object.keys(item).length === 1)) {
    return patch.filter((item) => !(isMap(item) && item.$patch === "replace"));
  }
  const result = [...target];
  for (const item of patch) {
    if (!isMap(item)) continue;
    const at = result.findIndex((old) => isMap(old) && old[key] === item[key]);
    if (item.$patch === "delete") {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) result[at] = merge(result[at] as Json, item, "", true);
    else result.push(item);
  }
  return result;
}

interface Operation {
  op: "add" | "remove" | "replace" | "test" | "copy" | "move";
  path: string;
  from?: string;
  value?: Json;
}

/** RFC 6902. */
function jsonPatch(document: Json, operations: readonly Operation[]): Json {
  const root = { document };
  for (const operation of operations) {
    const at = locate(root, operation.path);
    if (operation.op === "test") {
      if (JSON.stringify(at.value) !== JSON.stringify(operation.value)) {
        throw new RangeError(`the test of ${operation.path} failed`);
      }
    } else if (operation.op === "remove") at.remove();
    else if (operation.op === "add" || operation.op === "replace")
      at.set(operation.value ?? null, operation.op === "add");
    else throw new RangeError(`the operation ${operation.op} is not supported`);
  }
  return root.document;
}

function locate(root: { document: Json }, pointer: string) {
  const keys = [
    "document",
    ...pointer
      .split("/")
      .slice(1)
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~")),
  ];
  const last = keys.pop() as string;
  let parent: Json = root;
  for (const key of keys) {
    parent = (parent as { [key: string]: Json })[key] ?? null;
    if (parent === null || typeof parent !== "object") throw new RangeError(`there is no ${pointer}`);
  }
  const holder = parent as Json[] & { [key: string]: Json };
  return {
    value: holder[last],
    set(value: Json, insert: boolean): void {
      if (!Array.isArray(parent)) holder[last] = value;
      else if (insert) parent.splice(last === "-" ? parent.length : Number(last), 0, value);
      else parent[Number(last)] = value;
    },
    remove(): void {
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete holder[last];
    },
  };
}

function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function without(map: { [key: string]: Json }, key: string): { [key: string]: Json } {
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
}
