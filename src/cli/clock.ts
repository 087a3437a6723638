/** Milliseconds since the epoch, by a clock that never jumps: what is set back or forward during a run moves no deadline. */
export function steadyNow(): number {
  return Math.round(performance.timeOrigin + performance.now());
}

/** The clock of whoever reads a recording: it rests when the recording was made, so that the answer is always the same. */
export function restingAt(time: string): () => number {
  const ms = Date.parse(time);
  return () => ms;
}
