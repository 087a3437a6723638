import { describeLab, type Lab } from "./lab.ts";
import { labNames, readState } from "./state.ts";

/** All labs of this machine, also those that a crash left half built. */
export function listLabs(): Lab[] {
  return labNames().flatMap((name) => {
    const state = readState(name);
    return state ? [describeLab(state)] : [];
  });
}
