import stringWidth from "string-width";

/** Filled up with spaces to so many columns of a terminal: a Chinese character takes two. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - stringWidth(text)));
}
