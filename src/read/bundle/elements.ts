import { z } from "zod";

/**
 * An array up to its first element that is wrong. z.array goes on, and keeps an issue of some kilobytes for each: a few kilobytes of
 * gzip hold a million.
 */
export function elements<T extends z.ZodType>(element: T) {
  return z.unknown().transform((value, context): z.output<T>[] => {
    if (!Array.isArray(value)) {
      context.addIssue("expected an array");
      return z.NEVER;
    }
    const good: z.output<T>[] = [];
    for (const [index, one] of value.entries()) {
      const { data, error } = element.safeParse(one);
      const issue = error?.issues[0];
      if (issue !== undefined) {
        context.addIssue({ code: "custom", message: issue.message, path: [index, ...issue.path] });
        return z.NEVER;
      }
      good.push(data as z.output<T>);
    }
    return good;
  });
}
