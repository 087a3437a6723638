/** Deeper than anything that Kubernetes, nft or Lasthop write. */
const MOST_DEEP = 100;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * JSON that somebody else wrote. Depth is counted before parsing: JSON.parse would take any, and what walks the value afterwards would
 * not. @throws SyntaxError
 */
export function parseJson(bytes: Uint8Array): unknown {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (isText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > MOST_DEEP) throw new SyntaxError(`nested deeper than ${MOST_DEEP}, at byte ${at}`);
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
}
