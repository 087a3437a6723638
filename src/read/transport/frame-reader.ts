/** One command's output on one of the two streams, up to the line that the runner puts after it. */
export interface Frame {
  /** What stands after the nonce: `ID STATUS`, or `ID`. */
  readonly header: string;
  readonly payload: Buffer;
  readonly truncated: boolean;
}

/** Cuts a runner's stream at its nonce lines; looks at each byte once, and keeps at most `limit` bytes of a payload. */
export class FrameReader {
  readonly #mark: Buffer;
  readonly #onFrame: (frame: Frame) => void;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #truncated = false;
  #undecided: Buffer = Buffer.alloc(0);
  limit = Number.POSITIVE_INFINITY;

  constructor(nonce: string, onFrame: (frame: Frame) => void) {
    this.#mark = Buffer.from(`\n${nonce} `);
    this.#onFrame = onFrame;
  }

  /** True once the payload being read is longer than the limit. */
  get overflowed(): boolean {
    return this.#truncated;
  }

  push(chunk: Buffer): void {
    let data = this.#undecided.length > 0 ? Buffer.concat([this.#undecided, chunk]) : chunk;
    for (let at = data.indexOf(this.#mark); at >= 0; at = data.indexOf(this.#mark)) {
      this.#keep(data.subarray(0, at));
      const end = data.indexOf(10, at + this.#mark.length);
      if (end < 0) {
        this.#undecided = data.subarray(at);
        return;
      }
      const header = data.toString("latin1", at + this.#mark.length, end);
      const frame = this.take(header);
      data = data.subarray(end + 1);
      this.#onFrame(frame);
    }
    const decided = Math.max(0, data.length - (this.#mark.length - 1));
    this.#keep(data.subarray(0, decided));
    this.#undecided = data.subarray(decided);
  }

  /** What came so far, when the line that should end it will never come. */
  flush(): Frame {
    this.#keep(this.#undecided);
    this.#undecided = Buffer.alloc(0);
    return this.take("");
  }

  private take(header: string): Frame {
    const frame = { header, payload: Buffer.concat(this.#kept), truncated: this.#truncated };
    this.#kept = [];
    this.#keptBytes = 0;
    this.#truncated = false;
    return frame;
  }

  #keep(bytes: Buffer): void {
    const room = this.limit - this.#keptBytes;
    const kept = bytes.length > room ? bytes.subarray(0, Math.max(0, room)) : bytes;
    if (kept.length < bytes.length) this.#truncated = true;
    if (kept.length > 0) this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }
}
