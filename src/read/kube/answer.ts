/** The message of a `Status` object. */
export function tellStatus(body: string): string {
  const message = parseObject(body)?.message;
  return (typeof message === "string" ? message : body).slice(0, 300);
}

export function parseObject(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
