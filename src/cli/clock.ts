/** Milliseconds since the epoch, by a clock that never jumps: what is set back or forward during a run moves no deadline. */
export function steadyNow(): number {
  return Math.round(performance.timeOrigin + performance.now());
}
