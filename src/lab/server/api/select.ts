import type { KubeObject } from "../../objects/kube-object.ts";

export function matchesLabels(labels: Record<string, string> | undefined, selector: Record<string, string>): boolean {
  return Object.entries(selector).every(([key, value]) => labels?.[key] === value);
}

/** `labelSelector` of a list: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, joined by commas. */
export function labelFilter(text: string): (object: KubeObject) => boolean {
  const terms = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  const tests = terms.map((term) => labelTerm(term.trim()));
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

function labelTerm(term: string): (labels: Record<string, string>) => boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set) {
    const [, key, operator, list] = set as unknown as [string, string, string, string];
    const values = list.split(",").map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? "") === (operator === "in");
  }
  const pair = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(term);
  if (pair) {
    const [, key, operator, value] = pair as unknown as [string, string, string, string];
    return (labels) => (labels[key] === value) === (operator !== "!=");
  }
  return term.startsWith("!") ? (labels) => !(term.slice(1) in labels) : (labels) => term in labels;
}

/** `fieldSelector` of a list: `metadata.name=a,spec.nodeName!=b`. */
export function fieldFilter(text: string): (object: KubeObject) => boolean {
  const tests = text.split(",").map((term) => {
    const [, path = "", operator, value] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? [];
    return (object: KubeObject): boolean => {
      const found = path
        .split(".")
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
      return (String(found ?? "") === value) === (operator !== "!=");
    };
  });
  return (object) => tests.every((test) => test(object));
}
