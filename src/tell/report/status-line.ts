import { printable } from "./finding-text.ts";

/** One line that says what is being waited for, overwritten by the next; nothing at all where it is not wanted. */
export interface StatusLine {
  show(text: string): void;
  clear(): void;
}

const ERASE_LINE = "\r\u001b[2K";

export function statusLine(
  stream: { write(text: string): unknown; readonly columns?: number },
  isWanted: boolean,
): StatusLine {
  let isShown = false;
  return {
    show(text) {
      if (!isWanted) return;
      stream.write(
        `${ERASE_LINE}… ${printable(text)
          .trim()
          .slice(0, Math.max(20, (stream.columns ?? 80) - 4))}`,
      );
      isShown = true;
    },
    clear() {
      if (isShown) stream.write(ERASE_LINE);
      isShown = false;
    },
  };
}
