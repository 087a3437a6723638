import { createHash, randomInt } from "node:crypto";

/** Where the lab's choices come from: the machine's own chance, or a seed, which always gives the same. */
export interface Chance {
  /** A whole number from 0 up to, and not including, `limit`. */
  below(limit: number): number;
}

export function machineChance(): Chance {
  return { below: (limit) => randomInt(limit) };
}

/** The n-th number is a part of SHA-256 over seed and n: the same on every machine. */
export function seededChance(seed: number): Chance {
  let drawn = 0;
  return {
    below: (limit) => createHash("sha256").update(`${seed} ${drawn++}`).digest().readUIntBE(0, 6) % limit,
  };
}

export function pick<T>(chance: Chance, from: readonly T[]): T {
  if (from.length === 0) throw new RangeError("nothing to pick from");
  return from[chance.below(from.length)] as T;
}

/** Different ones of `from`, in an order of chance. */
export function pickSome<T>(chance: Chance, from: readonly T[], count: number): T[] {
  const left = [...from];
  return Array.from({ length: count }, () => {
    if (left.length === 0) throw new RangeError(`only ${from.length} to pick ${count} from`);
    return left.splice(chance.below(left.length), 1)[0] as T;
  });
}

const SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"; // apimachinery/pkg/util/rand: no vowels, no 0 1 3

export function drawLetters(chance: Chance, length: number): string {
  return Array.from({ length }, () => SAFE_LETTERS[chance.below(SAFE_LETTERS.length)]).join("");
}

export function drawHex(chance: Chance, bytes: number): string {
  return drawBytes(chance, bytes)
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

export function drawMac(chance: Chance): string {
  const [first = 0, ...rest] = drawBytes(chance, 6);
  // Unicast, locally administered; below 0x80, for `fe` is the switch's side of a cable and `ee` calico's side of a pod's link.
  return [(first & 0x7c) | 0x02, ...rest].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function drawBytes(chance: Chance, count: number): number[] {
  return Array.from({ length: count }, () => chance.below(256));
}
