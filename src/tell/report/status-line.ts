import stringWidth from "string-width";
import { printable } from "./finding-text.ts";

/** One line that says what is being done, overwritten by the next; nothing at all where it is not wanted. */
export interface StatusLine {
  show(text: string): void;
  clear(): void;
}

const ERASE_LINE = "\r\u001b[2K";
const REFRESH_MS = 1000;

/** @param addition asked anew every second while a line stands: what is being waited for, or nothing. It comes first, for it is what is new */
export function statusLine(
  stream: { write(text: string): unknown; readonly columns?: number },
  isWanted: boolean,
  addition: () => string = () => "",
): StatusLine {
  let shown: string | null = null;
  const write = (): void => {
    const parts = [addition(), shown ?? ""].map((text) => printable(text).trim()).filter((text) => text !== "");
    stream.write(`${ERASE_LINE}… ${cut(parts.join(" · "), Math.max(20, (stream.columns || 80) - 4))}`);
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    show(text) {
      if (!isWanted) return;
      shown = text;
      write();
      timer ??= setInterval(write, REFRESH_MS).unref();
    },
    clear() {
      clearInterval(timer);
      timer = undefined;
      if (shown !== null) stream.write(ERASE_LINE);
      shown = null;
    },
  };
}

/** So that it fills one line and no more: wide characters take two columns. */
function cut(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  for (const char of text) {
    width += stringWidth(char);
    if (width > columns) break;
    end += char.length;
  }
  return text.slice(0, end);
}
