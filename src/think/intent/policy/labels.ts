import type { LabelSelector } from "../../../facts/cluster.ts";

type Labels = Readonly<Record<string, string>>;
type Expression = LabelSelector["expressions"][number];

/** apimachinery/pkg/apis/meta/v1/helpers.go, LabelSelectorAsSelector: all of it has to fit; nothing asked fits everything. */
export function selects({ labels: wanted, expressions }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(wanted).every(([key, value]) => labelOf(labels, key) === value) &&
    expressions.every((expression) =>
      OPERATORS[expression.operator](labelOf(labels, expression.key), expression.values),
    )
  );
}

type Test = (value: string | null, values: readonly string[]) => boolean;

const OPERATORS: Readonly<Record<Expression["operator"], Test>> = {
  In: (value, values) => value !== null && values.includes(value),
  NotIn: (value, values) => value === null || !values.includes(value),
  Exists: (value) => value !== null,
  DoesNotExist: (value) => value === null,
};

function labelOf(labels: Labels, key: string): string | null {
  return Object.hasOwn(labels, key) ? (labels[key] ?? null) : null;
}

/** The labels that a selector asks for. */
export function keysOf({ labels, expressions }: LabelSelector): readonly string[] {
  return [...Object.keys(labels), ...expressions.map(({ key }) => key)];
}
