import type { Cell } from "./cell.ts";

/** Rows under a heading, as wide as their widest cell. */
export function tableText(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(heading), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

export function matrixText(cells: readonly Cell[]): string {
  const heading = [
    "lab",
    "fault",
    "on",
    "cause",
    "node",
    "object",
    "last hop",
    "confidence",
    "s",
    "repair",
    "undo",
    "",
  ];
  const rows = cells.map((cell) => [
    cell.lab,
    cell.fault,
    cell.node,
    cell.cause,
    cell.causeNode,
    cell.object,
    cell.lastHop,
    cell.confidence,
    cell.seconds?.toFixed(1) ?? "",
    cell.repair,
    cell.undo,
    cell.wrongs.length === 0 ? "ok" : "WRONG",
  ]);
  return [tableText(heading, rows), "", ...summaryLines(cells)].join("\n");
}

/** As matrixText, for labs that are placed by chance and not repaired. */
export function seedsText(cells: readonly Cell[]): string {
  const heading = ["seed, lab", "fault", "on", "cause", "node", "object", "last hop", "confidence", "s", ""];
  const rows = cells.map((cell) => [
    cell.lab,
    cell.fault,
    cell.node,
    cell.cause,
    cell.causeNode,
    cell.object,
    cell.lastHop,
    cell.confidence,
    cell.seconds?.toFixed(1) ?? "",
    cell.wrongs.length === 0 ? "ok" : "WRONG",
  ]);
  return [tableText(heading, rows), "", ...summaryLines(cells)].join("\n");
}

function summaryLines(cells: readonly Cell[]): readonly string[] {
  const seconds = cells.flatMap((cell) => cell.seconds ?? []);
  const wrong = cells.filter((cell) => cell.wrongs.length > 0);
  const falseCauses = cells.flatMap((cell) =>
    cell.falseCauses.map((said) => `${cell.lab}, ${cell.fault} on ${cell.node}: false cause: ${said}`),
  );
  return [
    `${cells.length} cells, ${cells.length - wrong.length} right, ${wrong.length} wrong, ${falseCauses.length} false causes; command to verdict: median ${median(seconds).toFixed(1)} s`,
    ...falseCauses,
    ...wrong.flatMap((cell) => [
      `${cell.lab}, ${cell.fault} on ${cell.node}: ${cell.symptom}`,
      ...cell.wrongs.map((text) => `  ${text}`),
    ]),
  ];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
