import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { statusLine } from "./status-line.ts";

const ERASE = "\r\u001b[2K";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function terminal(columns: number): {
  readonly columns: number;
  readonly written: string[];
  write(text: string): void;
} {
  const written: string[] = [];
  return { columns, written, write: (text) => void written.push(text) };
}

it("fills one line and no more, wide characters counted twice; nothing in it moves the cursor", () => {
  const stream = terminal(40);
  const status = statusLine(stream, true);
  status.show("正在读取节点".repeat(8));
  status.show(`a\u001b[31m\nb${"x".repeat(90)}`);
  status.clear();
  expect(stream.written).toEqual([
    `${ERASE}… ${"正在读取节点".repeat(3)}`,
    `${ERASE}… a[31m b${"x".repeat(29)}`,
    ERASE,
  ]);
});

it("says every second, and first, whom it waits for", () => {
  const stream = terminal(80);
  let seconds = 0;
  const status = statusLine(stream, true, () => (seconds < 2 ? "" : `waiting for k2, ${seconds} s`));
  status.show("reading the nodes");
  for (seconds = 1; seconds <= 3; seconds += 1) vi.advanceTimersByTime(1000);
  status.clear();
  vi.advanceTimersByTime(5000);
  expect(stream.written).toEqual([
    `${ERASE}… reading the nodes`,
    `${ERASE}… reading the nodes`,
    `${ERASE}… waiting for k2, 2 s · reading the nodes`,
    `${ERASE}… waiting for k2, 3 s · reading the nodes`,
    ERASE,
  ]);
});

it("is nothing at all where it is not wanted", () => {
  const stream = terminal(80);
  const status = statusLine(stream, false);
  status.show("reading the nodes");
  vi.advanceTimersByTime(3000);
  status.clear();
  expect(stream.written).toEqual([]);
});
