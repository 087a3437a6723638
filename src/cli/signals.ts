const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const INTERRUPTED = 130;

type Answer = (signal: (typeof SIGNALS)[number]) => void;

let answer: Answer = () => process.exit(INTERRUPTED);
let isListening = false;

/** Until a command has its own way to stop, there is nothing to clean up. */
export function listenToSignals(): void {
  if (isListening) return;
  isListening = true;
  for (const signal of SIGNALS) process.on(signal, () => answer(signal));
}

/** What the next one does. The listener itself stays: a signal that came while there is none would be lost. */
export function onSignal(next: Answer): void {
  listenToSignals();
  answer = next;
}
