import { describeLab, type Lab } from "./lab.ts";
import { labNames, readState, requireLab } from "./state.ts";

/** All labs of this machine; a directory without a readable state is a lab that only `lab down` can deal with. */
export function listLabs(): Lab[] {
  return labNames().flatMap((name) => {
    const state = readState(name);
    return state ? [describeLab(state)] : [];
  });
}

export function findLab(name: string): Lab {
  return describeLab(requireLab(name));
}
